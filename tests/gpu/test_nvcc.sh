#!/bin/sh
# The test programs of the emulator are CUDA: nvcc compiles them as they are. Where there is none,
# this is left out; NVCC names it.
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
exit $failed
