#!/bin/sh
# The test programs of the emulator are CUDA: nvcc compiles them as they are, and the lessons, with
# warnings as errors, for every GPU since Turing. Where there is no nvcc, this is left out; NVCC
# names it.
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
architectures=
for arch in 75 80 86 89 90 100 120; do
    architectures="$architectures -gencode arch=compute_$arch,code=sm_$arch"
done
for file in gpu/*/lesson.cu gpu/lesson.cpp gpu/trial.cpp gpu/test.cpp gpu/bench.cpp; do
    # shellcheck disable=SC2086 # a list of flags
    "$nvcc" -std=c++20 -I. -Xcompiler -Wall,-Wextra,-Werror -Werror all-warnings $architectures \
        -c "$file" -o "$work/object" || failed=1
done
# The trainer: the kernels are mostly those of the lessons, so the oldest and the newest suffice.
for file in gpu/trainer/*.cu; do
    [ "$file" = gpu/trainer/emulator_cublas.cu ] && continue
    "$nvcc" -std=c++20 -I. -Xcompiler -Wall,-Wextra,-Werror,-Wno-unused-function \
        -Werror all-warnings -diag-suppress=177 -gencode arch=compute_75,code=sm_75 \
        -gencode arch=compute_120,code=sm_120 -c "$file" -o "$work/object" || failed=1
done
exit $failed
