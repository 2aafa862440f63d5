// Between tokens and the experts' rows. A gating lists entries, those of token t from start[t] to
// start[t+1] - 1; entry i has row row[i] of the experts' matrices (see dispatch_1_expert.cuh).
// oracle: chapters/02_mixture_of_experts/moe.c, moe_experts and moe_experts_backward
#pragma once
#include "gpu/02_mixture_of_experts/router_2_warp.cuh"

constexpr int TOKEN_WARPS = 4; // per block, where a warp has a token

// x_rows (entries,D): the input of each row
// [gather
template <class Real>
static __global__ void gather_kernel(Real *x_rows, const Real *x, const int *start, const int *row,
                                     int N, int D) {
    int t = (int)(blockIdx.x * TOKEN_WARPS + threadIdx.x / 32), lane = (int)threadIdx.x % 32;
    if (t >= N) return;
    for (int i = start[t]; i < start[t + 1]; i++) {
        for (int d = lane; d < D; d += 32) x_rows[(size_t)row[i] * D + d] = x[(size_t)t * D + d];
    }
}
// gather]

template <class Real>
static const char *gather(Real *x_rows, const Real *x, const int *start, const int *row, int N,
                          int D, cudaStream_t stream) {
    LAUNCH(gather_kernel<Real>, ceil_div(N, TOKEN_WARPS), 32 * TOKEN_WARPS, 0, stream, x_rows, x,
           start, row, N, D);
    return launch_error();
}

// dout (entries,D) = weight · dy of the token, and dweight (entries) = dy · out: gradients with
// respect to the experts' outputs and to the weights
// [combine_backward
template <class Real>
static __global__ void combine_backward_kernel(Real *dout, float *dweight, const Real *dy,
                                               const Real *out, const int *start, const int *row,
                                               const float *weight, int N, int D) {
    int t = (int)(blockIdx.x * TOKEN_WARPS + threadIdx.x / 32), lane = (int)threadIdx.x % 32;
    if (t >= N) return;
    for (int i = start[t]; i < start[t + 1]; i++) {
        const Real *own = out + (size_t)row[i] * D;
        float sum = 0.0f;
        for (int d = lane; d < D; d += 32) {
            float slope = (float)dy[(size_t)t * D + d];
            sum += slope * (float)own[d];
            dout[(size_t)row[i] * D + d] = (Real)(weight[i] * slope);
        }
        sum = lanes_sum<32>(sum);
        if (lane == 0) dweight[i] = sum;
    }
}
// combine_backward]

template <class Real>
static const char *combine_backward(Real *dout, float *dweight, const Real *dy, const Real *out,
                                    const int *start, const int *row, const float *weight, int N,
                                    int D, cudaStream_t stream) {
    LAUNCH(combine_backward_kernel<Real>, ceil_div(N, TOKEN_WARPS), 32 * TOKEN_WARPS, 0, stream,
           dout, dweight, dy, out, start, row, weight, N, D);
    return launch_error();
}
