// Sums and maxima over a warp or a block. The order is fixed, so the bits are the same in every
// run, and every thread gets the result.
#pragma once
#include "gpu/06_sgatlin/warp_sum.cuh"

static __device__ __forceinline__ float warp_max(float x) {
    for (int step = 16; step > 0; step /= 2) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, step));
    return x;
}

// All threads of a block of whole warps call these.
// [block_sum
template <class T> static __device__ T block_sum(T x) {
    __shared__ T sums[32];
    int warp = (int)threadIdx.x / 32, warps = (int)blockDim.x / 32;
    x = warp_sum(x);
    if (threadIdx.x % 32 == 0) sums[warp] = x;
    __syncthreads();
    T sum = sums[0];
    for (int i = 1; i < warps; i++) sum += sums[i];
    __syncthreads(); // before the next call writes sums
    return sum;
}
// block_sum]

static __device__ __forceinline__ float block_max(float x) {
    __shared__ float maxima[32];
    int warp = (int)threadIdx.x / 32, warps = (int)blockDim.x / 32;
    x = warp_max(x);
    if (threadIdx.x % 32 == 0) maxima[warp] = x;
    __syncthreads();
    float max = maxima[0];
    for (int i = 1; i < warps; i++) max = fmaxf(max, maxima[i]);
    __syncthreads();
    return max;
}
