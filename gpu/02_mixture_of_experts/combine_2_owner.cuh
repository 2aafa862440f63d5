// y (N,D): for each token the sum of weight · out over its entries
// oracle: chapters/02_mixture_of_experts/moe.c, moe_experts
// One warp per token, which owns the token's row of y and adds the rows of its entries in order.
#pragma once
#include "gpu/02_mixture_of_experts/gather.cuh"

// [owner
template <class Sum, class Real>
static __global__ void combine_owner_kernel(Sum *y, const Real *out, const int *start,
                                            const int *row, const float *weight, int N, int D) {
    int t = (int)(blockIdx.x * TOKEN_WARPS + threadIdx.x / 32), lane = (int)threadIdx.x % 32;
    if (t >= N) return;
    for (int d = lane; d < D; d += 32) {
        float sum = 0.0f;
        for (int i = start[t]; i < start[t + 1]; i++) {
            float own = weight ? weight[i] : 1.0f;
            sum += own * (float)out[(size_t)row[i] * D + d];
        }
        y[(size_t)t * D + d] = (Sum)sum; // 0 for a token without entries
    }
}
// owner]

// weight: null: all are 1, as in dx.
template <class Sum, class Real>
static const char *combine_owner(Sum *y, const Real *out, const int *start, const int *row,
                                 const float *weight, int N, int D, int capacity,
                                 cudaStream_t stream) {
    (void)capacity;
    LAUNCH((combine_owner_kernel<Sum, Real>), ceil_div(N, TOKEN_WARPS), 32 * TOKEN_WARPS, 0, stream,
           y, out, start, row, weight, N, D);
    return launch_error();
}
