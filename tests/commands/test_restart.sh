#!/bin/sh
# sgatlin restarts itself where OpenBLAS chose slow kernels or the machine is busy; where it cannot,
# it says what to set. fake_machine.c leads there on any machine.
. tests/commands/command.sh
subcommand=
unset OMP_WAIT_POLICY OPENBLAS_CORETYPE

skip() {
    echo "skipped: $test_name: $*"
    finish
}

[ -r /proc/self/maps ] || skip 'without /proc the program does not restart itself'
"${CC:-cc}" -shared -fPIC -o "$work/fake.so" tests/commands/fake_machine.c -ldl 2>/dev/null ||
    skip 'no shared library can be built'
export ASAN_OPTIONS=verify_asan_link_order=0
loader=$(sed -n 's|.* \(/[^ ]*/ld[-.][^ ]*\)$|\1|p' /proc/self/maps | head -1)

# Through the loader, /proc/self/exe is not sgatlin.
program=$sgatlin
cat >"$work/loaded" <<END
#!/bin/sh
exec $loader "$program" "\$@"
END
chmod +x "$work/loaded"

# fake STATUS PATTERN ARGUMENT...: expect, on that machine
fake() { LD_PRELOAD=$(cd "$work" && pwd)/fake.so expect "$@"; }
warnings() { grep -c '^warning: ' "$work/stderr"; }

# ---- a busy machine

fake 0 '' flops --preset tiny
[ "$(warnings)" = 0 ] || failure "an idle machine: $(cat "$work/stderr")"
case $("$sgatlin" --version) in
*'OpenMP    none'*) ;;
*)
    export FAKE_LOAD=1000
    fake 0 '' flops --preset tiny
    [ "$(warnings)" = 0 ] || failure "a busy machine: $(cat "$work/stderr")"
    sgatlin=$work/loaded
    fake 0 'set OMP_WAIT_POLICY=passive' flops --preset tiny
    [ "$(warnings)" = 1 ] || failure "expected one line: $(cat "$work/stderr")"
    OMP_WAIT_POLICY=active fake 0 '' flops --preset tiny
    [ "$(warnings)" = 0 ] || failure "with a policy: $(cat "$work/stderr")"
    unset FAKE_LOAD
    sgatlin=$program
    ;;
esac

# ---- an OpenBLAS that does not know the processor

# small CHECK STATUS PATTERN: the smallest command that multiplies
small() {
    check=$1
    shift
    "$check" "$@" bench layer --ffn mlp --set D=16 F=9 T=8 B=2 --repetitions 1 --threads 1 --json
}
grep -q -w avx2 /proc/cpuinfo || skip 'this processor has no AVX2, which OpenBLAS could miss'
OPENBLAS_CORETYPE=Haswell small expect 0 'blas='
grep -q 'blas=OpenBLAS core=Haswell ' "$work/stderr" ||
    skip "the BLAS is not an OpenBLAS with kernels for several processors"
best=Haswell
grep -q -w avx512f /proc/cpuinfo && grep -w avx512bw /proc/cpuinfo | grep -w avx512dq |
    grep -q -w avx512vl && best=SkylakeX

small fake 0 "^blas=OpenBLAS core=$best (instead of Prescott) threads=1 "
[ "$(warnings)" = 0 ] || failure "restarted: $(cat "$work/stderr")"
small expect 0 '^blas=OpenBLAS core='
grep -q 'core=Prescott' "$work/stderr" && failure "slow kernels: $(cat "$work/stderr")"
# the exit status is that of the second start
fake 1 'nowhere: no checkpoint' eval --checkpoint nowhere --data "$work/none"
fake 2 'expected --checkpoint' eval --data "$work/none"
# the user's choice stays, with a warning about the slow one
OPENBLAS_CORETYPE=Prescott small fake 0 '^blas=OpenBLAS core=Prescott threads=1 '
grep -q "^warning: .*OPENBLAS_CORETYPE=Prescott chose them: unset it, or set it to $best$" \
    "$work/stderr" || failure "the user's choice: $(cat "$work/stderr")"
[ "$(warnings)" = 1 ] || failure "expected one line: $(cat "$work/stderr")"
OPENBLAS_CORETYPE=Haswell small fake 0 '^blas=OpenBLAS core=Haswell threads=1 '
# where it cannot restart, it says what to set
sgatlin=$work/loaded
small fake 0 '^blas=OpenBLAS core=Prescott threads=1 '
grep -q "^warning: .*; set OPENBLAS_CORETYPE=$best$" "$work/stderr" ||
    failure "through the loader: $(cat "$work/stderr")"
[ "$(warnings)" = 1 ] || failure "expected one line: $(cat "$work/stderr")"
finish
