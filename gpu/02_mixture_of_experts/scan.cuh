// Sums over a block, whose bits do not depend on the order of its threads.
#pragma once
#include "gpu/launch.h"

// The sum of `x` over all threads with a lower index, in a block of whole warps, at most 1024
// threads; all of them call it. *total: the sum over all.
// [block_scan
static __device__ inline int block_scan(int x, int *total) {
    __shared__ int warp_sums[32];
    int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32, warps = (int)blockDim.x / 32;
    int sum = x; // of the lanes up to this one
    for (int step = 1; step < 32; step *= 2) {
        int lower = __shfl_up_sync(0xffffffffu, sum, step);
        if (lane >= step) sum += lower;
    }
    if (lane == 31) warp_sums[warp] = sum;
    __syncthreads();
    int before = 0;
    *total = 0;
    for (int w = 0; w < warps; w++) {
        if (w == warp) before = *total;
        *total += warp_sums[w];
    }
    __syncthreads(); // before the next call writes warp_sums
    return before + sum - x;
}
// block_scan]

// Replaces each of n numbers by the sum of those before it, and writes the sum of all to values[n].
// One block, which walks along the numbers.
// [scan
static __global__ void scan_kernel(int *values, int n) {
    int sum = 0;
    for (int first = 0; first < n; first += (int)blockDim.x) {
        int i = first + (int)threadIdx.x, total;
        int before = block_scan(i < n ? values[i] : 0, &total);
        if (i < n) values[i] = sum + before;
        sum += total;
    }
    if (threadIdx.x == 0) values[n] = sum;
}
// scan]
