#!/bin/sh
# sgatlin eval, sample, record and patch with --device emulator: for every kind of layer, routing
# and router what they print and write with --device cpu.
set -u
. tests/harness/scratch.sh
. tests/gpu/programs.sh
emulator=$PWD/$B/sgatlin-emulator
failed=0

fail() {
    echo "test_readers.sh: $*" >&2
    failed=1
}
# on DEVICE COMMAND ARGUMENT...: stdout is $work/DEVICE, and must not be empty.
on() {
    device=$1 command=$2
    shift 2
    "$emulator" "$command" --device "$device" "$@" >"$work/$device" 2>"$work/said" ||
        fail "$device: $command $*: exit $?: $(cat "$work/said")"
    [ -s "$work/$device" ] || fail "$device: $command $*: printed nothing"
}
# both COMMAND ARGUMENT...: on both devices.
both() {
    on cpu "$@"
    on emulator "$@"
}
# close FILE FILE: the same words; numbers with a point may differ by 1e-4 of the larger.
close() {
    tr ',:{}[]' '      ' <"$1" | tr -s ' ' '\n' >"$work/words"
    tr ',:{}[]' '      ' <"$2" | tr -s ' ' '\n' | paste "$work/words" - | awk '
        $1 == $2 { next }
        $1 !~ /^-?[0-9]*\.[0-9e+-]*$/ || ($1 - $2)^2 > (1e-4 * ($1^2 > $2^2 ? $1 : $2))^2 {
            print $1, "and", $2; wrong = 1
        }
        END { exit wrong || NR < 3 }' >"$work/said"
}
# scores FILE: those of a recording, one per line.
scores() {
    header=$(head -c 8 "$1" | od -A n -t u8 | tr -d ' ')
    offsets=$(head -c $((header + 8)) "$1" | tail -c +9 |
        sed 's/.*"score":{[^}]*"data_offsets":\[\([0-9]*\),\([0-9]*\)\].*/\1 \2/')
    tail -c +$((header + 9 + ${offsets% *})) "$1" | head -c $((${offsets#* } - ${offsets% *})) |
        od -A n -v -t f4 -w4 | sed 's/^ *\(-\{0,1\}[0-9]*\)$/\1.0/'
}
hash() { sed -n "s/.*\"xxh3.$1\":\"\([0-9a-f]*\)\".*/\1/p" "$2"; }

"$emulator" data --storyworld --stories 300 --seed 1 --vocab 1024 --out "$work/data" \
    >"$work/said" 2>&1 || fail "data: $(cat "$work/said")"
# make_run NAME WORD...: trained with these options of train; the window is smaller than a story.
make_run() {
    run=$work/$1
    shift
    "$emulator" train --device cpu --data "$work/data" --preset tiny --out "$run" "$@" \
        --set T=20 B=8 steps=150 peak=0.02 >"$work/said" 2>&1 ||
        fail "train $*: $(cat "$work/said")"
}

# reads NAME: eval, and samples beyond the window.
reads() {
    both eval --checkpoint "$work/$1" --data "$work/small/valid.bin" --json
    close "$work/cpu" "$work/emulator" || fail "$1: losses: $(cat "$work/said")"
    both sample --checkpoint "$work/$1" --prompt 'The turtle was' --temperature 0 --tokens 8
    cmp "$work/cpu" "$work/emulator" >&2 || fail "$1: greedy samples"
    both sample --checkpoint "$work/$1" --prompt 'One day' --continue --seed 3 --tokens 24
    cmp "$work/cpu" "$work/emulator" >&2 || fail "$1: samples"
}
# shows NAME: records, and patches the neurons of one prompt into another.
shows() {
    for device in cpu emulator; do
        on $device record --checkpoint "$work/$1" --data "$work/small/valid.bin" --stories 2 \
            --out "$work/$1.$device"
        scores "$work/$1.$device" >"$work/scores.$device"
    done
    for tensor in tokens index predictions; do
        [ -n "$(hash $tensor "$work/$1.cpu")" ] || fail "no hash of $tensor"
        [ "$(hash $tensor "$work/$1.cpu")" = "$(hash $tensor "$work/$1.emulator")" ] ||
            fail "$1: recorded $tensor"
    done
    close "$work/scores.cpu" "$work/scores.emulator" || fail "$1: scores: $(cat "$work/said")"
    both patch --checkpoint "$work/$1" --prompt 'The turtle was' --from 'The horse was' \
        --at turtle --tokens 4 --json
    close "$work/cpu" "$work/emulator" || fail "$1: patches: $(cat "$work/said")"
}

"$emulator" data --storyworld --stories 40 --seed 2 --tokenizer "$work/data/tokenizer.json" \
    --out "$work/small" >"$work/said" 2>&1 || fail "data: $(cat "$work/said")"
for kind in mlp glu; do
    make_run $kind --ffn $kind
    reads $kind
done
make_run moe --ffn moe
make_run expert --ffn moe --routing expert
make_run step --ffn moe --routing unified --pool step
make_run sequence --ffn moe --routing unified --pool sequence
make_run peer --ffn peer
make_run sgatlin --ffn sgatlin
make_run flat --ffn sgatlin --set router=key_value activation=gelu
for run in moe expert step sequence peer sgatlin flat; do
    reads $run
    shows $run
done

# The bits do not depend on the order of threads.
cp "$work/emulator" "$work/forward"
EMULATOR_ORDER=random:3 on emulator patch --checkpoint "$work/flat" --prompt 'The turtle was' \
    --from 'The horse was' --at turtle --tokens 4 --json
cmp "$work/forward" "$work/emulator" >&2 || fail 'another order of threads'

on emulator bench generate --ffn sgatlin --set D=16 Dh=8 L=1 V=50 T=8 C=2 K=2 F=9 Dk=4 --json \
    --repetitions 1
grep -q '"ms_generate"' "$work/emulator" || fail "bench: $(cat "$work/emulator")"

# What the device lacks is refused before anything is written.
make_run wide --ffn sgatlin --set D=260 Dh=130 steps=1
for command in 'sample' "record --data $work/small/valid.bin --out $work/none" \
    'patch --prompt The --from The'; do
    # shellcheck disable=SC2086 # words
    "$emulator" $command --device emulator --checkpoint "$work/wide" >"$work/out" 2>"$work/said" &&
        fail "$command: accepted heads of 130"
    grep -q 'heads on this device have at most 128' "$work/said" || fail "$(cat "$work/said")"
    [ ! -s "$work/out" ] || fail "$command: printed $(cat "$work/out")"
done
[ ! -e "$work/none" ] || fail 'a recording that was refused is there'
exit $failed
