#!/bin/sh
# The test programs of the emulator are CUDA: nvcc compiles them as they are, and the lessons and
# the trainer, with warnings as errors, for every GPU since Turing. What it made of the lessons is
# linked, and starts where there is no cuBLAS. Where there is no nvcc, this is left out; NVCC names
# it.
set -u
. tests/harness/scratch.sh
nvcc=${NVCC:-$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null)}
if [ -z "$nvcc" ]; then
    echo 'skipped: test_nvcc.sh: no nvcc'
    exit 0
fi
failed=0
for file in tests/gpu/kernels/*.cu tests/gpu/kernels/planted/*.cu; do
    # front ends only: no code is made
    "$nvcc" -std=c++17 -arch=sm_80 -ptx "$file" -o "$work/ptx" || failed=1
done

# What matters is that it compiles: optimizing would take three times as long, but before 12.9 nvcc
# has only a level of its last stage.
fast='-Xptxas -O1'
if "$nvcc" --help | grep -q -e --Ofast-compile; then fast='-Ofc max'; fi
compile() { # -c or -cuda, FILE, OPTION...; $object is made
    object=$work/$(echo "${2%.*}" | tr / -).o
    # shellcheck disable=SC2086 # a list of flags
    "$nvcc" -std=c++20 -I. -Xcompiler -Wall,-Wextra,-Werror -Werror all-warnings $fast \
        "$@" -o "$object" || failed=1
}
# Most of the time goes into the front end, once per compute_XX. The sources only ask whether a GPU
# is an sm_80 or later, for the tensor cores (gpu/launch.h), so the lessons need two of them, and
# the trainer, which is in fp32, one. Of a lesson's files it uses one version each (177: a function
# is not used); without the host compiler's pass (-cuda), as nothing is linked.
for file in gpu/trainer/*.cu; do
    compile -cuda "$file" -diag-suppress=177 -gencode 'arch=compute_75,code=[sm_75,sm_120]'
done
compile -c gpu/cublas.cpp
cublas=$object
objects=$object
compile -c gpu/bench.cpp
for file in gpu/*/lesson.cu gpu/lesson.cpp gpu/trial.cpp gpu/test.cpp; do
    compile -c "$file" -gencode arch=compute_75,code=sm_75 \
        -gencode 'arch=compute_80,code=[sm_80,sm_86,sm_89,sm_90,sm_100,sm_120]'
    objects="$objects $object"
done

# No copy of cuBLAS is found where a file of its name comes first that is not a library.
mkdir "$work/hidden"
version=$(sed -n 's/^#define CUBLAS_VER_MAJOR //p' "$(dirname "$nvcc")/../include/cublas_api.h")
: >"$work/hidden/libcublas.so.$version"
without_cublas() { LD_LIBRARY_PATH=$work/hidden "$@"; }

"$nvcc" tests/gpu/cublas.cpp "$cublas" -ldl -o "$work/cublas" || failed=1
[ "$(without_cublas "$work/cublas")" = "missing
cuBLAS is not here" ] || failed=1
library=$(dirname "$nvcc")/../lib64
if [ -e "$library/libcublas.so.$version" ]; then
    LD_LIBRARY_PATH=$library "$work/cublas" | grep -qx found || failed=1
fi

for chapters in "$B"/chapters/[0-9]*.a; do :; done # the last one has them all
# shellcheck disable=SC2086 # a list of files
"$nvcc" $objects "$B/gpu/random.o" "$chapters" -lm -ldl -o "$work/gpu-test" || failed=1
if ldd "$work/gpu-test" | grep -i 'cublas\|cudart' >&2; then failed=1; fi
without_cublas "$work/gpu-test" 99 2>"$work/said"
if [ $? != 2 ] || ! grep -q '^usage: gpu-test .*01_dense_ffn' "$work/said"; then
    cat "$work/said" >&2
    failed=1
fi
exit $failed
