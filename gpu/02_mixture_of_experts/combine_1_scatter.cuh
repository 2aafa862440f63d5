// y (N,D): for each token the sum of weight · out over its entries
// oracle: chapters/02_mixture_of_experts/moe.c, moe_experts
// One warp per entry, which adds its row to its token's: entries of one token may do so at the same
// time, hence the atomics, and the order in which they come decides how the sum is rounded.
#pragma once
#include "gpu/02_mixture_of_experts/gather.cuh"

// [scatter
template <class Real>
static __global__ void combine_scatter_kernel(float *y, const Real *out, const int *start,
                                              const int *row, const float *weight, int N, int D) {
    int i = (int)(blockIdx.x * TOKEN_WARPS + threadIdx.x / 32), lane = (int)threadIdx.x % 32;
    if (i >= start[N]) return;
    int t = 0, end = N; // the entry's token, by bisection: start[t] <= i < start[end]
    while (end - t > 1) {
        int middle = t + (end - t) / 2;
        if (start[middle] <= i)
            t = middle;
        else
            end = middle;
    }
    float own = weight ? weight[i] : 1.0f;
    for (int d = lane; d < D; d += 32)
        atomicAdd(&y[(size_t)t * D + d], own * (float)out[(size_t)row[i] * D + d]);
}
// scatter]

// weight: null: all are 1. There are at most `capacity` entries. y is in float.
template <class Real>
static const char *combine_scatter(float *y, const Real *out, const int *start, const int *row,
                                   const float *weight, int N, int D, int capacity,
                                   cudaStream_t stream) {
    cudaMemsetAsync(y, 0, (size_t)N * D * sizeof *y, stream);
    LAUNCH(combine_scatter_kernel<Real>, ceil_div(capacity, TOKEN_WARPS), 32 * TOKEN_WARPS, 0,
           stream, y, out, start, row, weight, N, D);
    return launch_error();
}
