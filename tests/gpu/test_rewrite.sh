#!/bin/sh
# What gpu/emulator/rewrite.c makes of a CUDA file, and what it refuses.
set -u
. tests/harness/scratch.sh
. tests/gpu/programs.sh
failed=0

# becomes BEFORE AFTER: the rewritten text, without the #line, is AFTER.
becomes() {
    printf '%s\n' "$1" >"$work/in.cu"
    printf '%s\n' "$2" >"$work/expected"
    "$B/gpu/rewrite" "$work/in.cu" | tail -n +2 >"$work/out"
    cmp -s "$work/expected" "$work/out" && return
    diff "$work/expected" "$work/out" >&2
    failed=1
}
same() { becomes "$1" "$1"; }
# launch NAME KERNEL: how a launch begins
launch() {
    printf '%s' "emulator::launcher(\"$1\", emulator::Site{ __FILE__, __LINE__ }," \
        " [=](const auto &...emulator_arguments) { $2(emulator_arguments...); }, "
}

becomes 'k<<<1, n>>>(a, b);' "$(launch k k)1, n)(a, b);"
becomes 'if (x) k <<<1, n, 0, s>>> ();' "if (x) $(launch k 'k ')1, n, 0, s) ();"
becomes 'a::k<float, (3 > 2)><<<g(1, 2) >> 3, b>>>(x);' \
    "$(launch 'a::k<float, (3 > 2)>' 'a::k<float, (3 > 2)>')g(1, 2) >> 3, b)(x);"
becomes 'if (y)k<A<B>><<<1, 2>>>(x);' "if (y)$(launch 'k<A<B>>' 'k<A<B>>')1, 2)(x);"
becomes 'kernels[i]<<<1, 2>>>(x);' "$(launch 'kernels[i]' 'kernels[i]')1, 2)(x);"
becomes '(k<1, 2>)<<<1, 2>>>(x);' "$(launch '(k<1, 2>)' '(k<1, 2>)')1, 2)(x);"
becomes 'k<<<f(">>>"), /* >>> */ 2>>>(x);' "$(launch k k)f(\">>>\"), /* >>> */ 2)(x);"
# the lines stay where they are
becomes 'k<<<dim3(1,
         2), 3
   >>>(x,
       y);' "$(launch k k)dim3(1,
         2), 3
   )(x,
       y);"
becomes 'k<<<1, 2>>>(NULL, f(NULL), "NULL"); p = NULL;' \
    "$(launch k k)1, 2)(nullptr, f(nullptr), \"NULL\"); p = NULL;"
# not code
same '// k<<<1, 2>>>(x)'
same '/* k<<<1, 2>>>(x)
   extern __shared__ int s[]; */'
same 'f("k<<<1, 2>>>(x) \" \\", '\''"'\'', R"x(k<<<1>>>"( )x", 1'\''000);'
same 'y = a << b; z <<= 3; x = v<v<int>>::n >> 2;'

becomes 'extern __shared__ float s[];' 'extern thread_local float s[] EMULATOR_DYNAMIC;'
becomes 'void f() { extern __shared__ __align__(16) T s[]; }' \
    'void f() {  __align__(16) T (&s)[] = emulator::DynamicShared(); }'
becomes 'namespace a { extern "C" { extern __shared__ float s[]; } void f() {}
extern __shared__ float t[]; }' 'namespace a { extern "C" { extern thread_local float s[] '\
'EMULATOR_DYNAMIC; } void f() {}
extern thread_local float t[] EMULATOR_DYNAMIC; }'
becomes 'namespace { struct S { void f() {
extern __shared__ int s[];' 'namespace { struct S { void f() {
 int (&s)[] = emulator::DynamicShared();'
becomes 'extern  int x; __shared__ int y[3];' 'extern  int x; __shared__ int y[3];'
becomes 'static __shared__ int y;' ' __shared__ int y;'
becomes '__noinline__ void f();' 'EMULATOR_NOINLINE void f();'
same '__attribute__((__noinline__)) void f();'

# refused TEXT MESSAGE
refused() {
    printf '%s\n' "$1" >"$work/in.cu"
    if "$B/gpu/rewrite" "$work/in.cu" >/dev/null 2>"$work/message" ||
        ! grep -qF "$work/in.cu:$2" "$work/message"; then
        echo "test_rewrite.sh: not refused with $2: $1" >&2
        failed=1
    fi
}
refused '
asm volatile("mov.u32 %0, %laneid;" : "=r"(x));' '2: asm: inline PTX is not emulated'
refused 'k<<<1, 2>>(x);' '1: <<< is not part of'
refused 'extern __shared__ float s;' '1: extern __shared__ is not followed by'
"$B/gpu/rewrite" "$work/missing.cu" >/dev/null 2>&1 && failed=1

# What does not compile for the emulator is named, and the status is 4.
printf '%s\n' 'int main() { cudaGraphExec_t g; tex2D(g); }' >"$work/in.cu"
WORK=$work gpu/emulator/emulate.sh "$work/in.cu" >"$work/message" 2>&1
if [ $? != 4 ] || ! grep -q tex2D "$work/message" || ! grep -q cudaGraph "$work/message"; then
    echo 'test_rewrite.sh: what the emulator lacks is not named' >&2
    failed=1
fi
exit $failed
