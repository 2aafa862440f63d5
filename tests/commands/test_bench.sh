#!/bin/sh
# sgatlin bench from the outside: wrong usage, the table, and the warning about kernels of another
# processor.
. tests/commands/command.sh
subcommand=bench

# what --threads 2 gives
case $("$sgatlin" --version) in *'OpenMP    none'*) two=1 ;; *) two=2 ;; esac
small='--threads 2 --repetitions 1 --set D=16 F=9 T=8 B=2 Dh=8 L=1 V=20'
# shellcheck disable=SC2086 # words
{
    expect 2 'expected machine, layer, step, generate or circuits' neuron
    expect 2 'only one of' layer step
    expect 2 'takes no --ffn' machine --set D=8
    expect 2 'takes no --ffn' machine --ffn mlp
    expect 2 'ffn' layer --ffn none
    expect 2 'use --ffn' layer --set ffn=mlp
    expect 2 'NAME=VALUE' layer --set D
    expect 2 'D=0' layer --set D=0
    expect 2 'B=0' layer --set B=0
    expect 2 'B=99999999999999999999' layer --set B=99999999999999999999
    expect 2 'too many tokens' layer --set B=1000000 T=1000000
    expect 2 'too many tokens' step --set B=16777216 T=1048576
    expect 2 'unknown dimension colour' layer --set colour=3
    expect 2 'unknown dimension steps' step --set steps=3
    expect 2 'no such setting' layer --ffn mlp --set K=3
    expect 2 'K' layer --ffn sgatlin --set F=9 K=4
    expect 2 'Dh' step --set D=20
    expect 2 'one stream' generate --set B=2
    expect 2 'takes only N' circuits --set D=8
    expect 2 'N=9: expected a whole number' circuits --set N=9
    expect 2 'takes no --ffn' circuits --ffn sgatlin
    expect 2 'V=1' step --set V=1
    expect 2 'threads' layer --threads 0
    expect 2 'repetitions' layer --repetitions 0
    expect 2 'unrecognized option' layer --fast

    OPENBLAS_CORETYPE='' expect 0 "threads=$two" layer $small K=2 --json
    ! grep 'warning' "$work/stderr" | grep -v 'BLAS' ||
        failure "a warning without a reason: $(cat "$work/stderr")"
    [ "$(grep -c '^{.*}$' "$work/stdout")" = "$(wc -l <"$work/stdout")" ] ||
        failure "not one JSON object per line"
    for kind in mlp glu moe sgatlin; do
        grep -q "\"ffn\": \"$kind\"" "$work/stdout" || failure "no line of $kind"
    done
    if grep -q -w avx2 /proc/cpuinfo; then
        grep -q 'blas=OpenBLAS' "$work/stderr" && variable=OPENBLAS_CORETYPE slow=Prescott
        grep -q 'blas=oneDNN' "$work/stderr" && variable=ONEDNN_MAX_CPU_ISA slow=SSE41
    fi
    if [ "${variable:-}" ]; then
        export "$variable=$slow"
        expect 0 'slower; .*unset' layer --ffn mlp $small --json
        unset "$variable"
        [ "$(grep -c "$variable" "$work/stderr")" = 1 ] || failure "expected one line"
    fi
    if [ $two = 2 ]; then
        OMP_NUM_THREADS=20000 expect 0 'warning: 20000 threads are too many' machine --json \
            --repetitions 1
        expect 0 'warning: 1024 threads are too many' layer --ffn mlp $small --threads 1024
    fi
    expect 0 "threads=$two" generate $small B=1 K=2
    for line in '^generate ffn=moe .*V=20.* B=1$' '^peer .* [0-9.]*$' 'memory, read .* GB/s'; do
        grep -q "$line" "$work/stdout" || failure "no '$line' in the table: $(cat "$work/stdout")"
    done
    expect 0 "threads=$two" $small K=2
    cp "$work/stdout" "$work/table"
    expect 0 "threads=$two" circuits --threads 2 --repetitions 1 --set N=2000
    for line in '^index of 2000 circuits ' '^15 nearest of 20 among them ' \
        '^map of 100 circuits '; do
        grep -q "$line" "$work/stdout" || failure "no '$line' in the table: $(cat "$work/stdout")"
    done
    expect 0 '' circuits --threads 2 --repetitions 1 --set N=200 --json
    grep -q '^{"bench": "circuits", "N": 200, .*"ms_map_max": ' "$work/stdout" ||
        failure "circuits: $(cat "$work/stdout")"
    cp "$work/table" "$work/stdout"
}
for line in 'matrix product .* GFLOP/s' 'memory, read .* GB/s' 'memory, copy .* GB/s' \
    'gather .* GB/s' 'layer ffn=glu' \
    'step ffn=sgatlin' '^mlp .*%'; do
    grep -q "$line" "$work/stdout" || failure "no '$line' in the table: $(cat "$work/stdout")"
done
# The last two columns but one: GFLOP/s, and their share of the matrix product above, as printed.
awk '/^matrix product/ { product = $3 }
    /^(mlp|glu|moe|peer|sgatlin) / {
        rows++
        share = 100 * $(NF - 2) / product
        slack = 1 + 6 / product + 0.01 * share # both numbers have one decimal
        if ($(NF - 1) + 0 < share - slack || $(NF - 1) + 0 > share + slack) exit 1
    }
    END { if (rows != 10) exit 1 }' "$work/stdout" ||
    failure "shares of the matrix product: $(cat "$work/stdout")"
finish
