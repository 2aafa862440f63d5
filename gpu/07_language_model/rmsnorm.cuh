// RMSNorm (Zhang and Sennrich 2019): y = x · rstd · scale, rstd = 1 / sqrt(mean(x²) + 1e-6), of N
// rows of D floats. Oracle: reference/model/rmsnorm.c
#pragma once
#include "column_sums.cuh"
#include "reduce.cuh"

enum { RMSNORM_WARPS = 4 }; // of a block; each takes one row

// y (N,D), rstd (N), x (N,D), scale (D)
// [rmsnorm
static __global__ void rmsnorm_kernel(float *y, float *rstd, const float *x, const float *scale,
                                      int N, int D) {
    int row = (int)(blockIdx.x * RMSNORM_WARPS + threadIdx.x / 32), lane = (int)threadIdx.x % 32;
    if (row >= N) return; // the last block is rarely full
    const float *from = x + (size_t)row * D;
    float sum = 0.0f;
    for (int d = lane; d < D; d += 32) sum += from[d] * from[d];
    float inverse = 1.0f / sqrtf(warp_sum(sum) / (float)D + 1e-6f);
    for (int d = lane; d < D; d += 32) y[(size_t)row * D + d] = from[d] * inverse * scale[d];
    if (lane == 0) rstd[row] = inverse;
}
// rmsnorm]

// With g = dy·scale and x̂ = x·rstd: dx = rstd · (g - x̂ · mean(g·x̂)), written or added to dx
// (N,D).
template <bool ADD>
static __global__ void rmsnorm_backward_kernel(float *dx, const float *dy, const float *x,
                                               const float *rstd, const float *scale, int N,
                                               int D) {
    int row = (int)(blockIdx.x * RMSNORM_WARPS + threadIdx.x / 32), lane = (int)threadIdx.x % 32;
    if (row >= N) return;
    const float *dyt = dy + (size_t)row * D, *xt = x + (size_t)row * D;
    float sum = 0.0f, inverse = rstd[row];
    for (int d = lane; d < D; d += 32) sum += dyt[d] * scale[d] * xt[d];
    float mean = warp_sum(sum) * inverse / (float)D;
    for (int d = lane; d < D; d += 32) {
        float gradient = inverse * (dyt[d] * scale[d] - xt[d] * inverse * mean);
        size_t i = (size_t)row * D + d;
        dx[i] = ADD ? dx[i] + gradient : gradient;
    }
}

// dscale = Σ dy·x̂
struct ScaleTerm {
    const float *dy, *x, *rstd;
    int D;
    __device__ float operator()(int row, int d) const {
        size_t i = (size_t)row * D + d;
        return dy[i] * x[i] * rstd[row];
    }
};

// All pointers are the device's.
static inline const char *rmsnorm_forward(float *y, float *rstd, const float *x, const float *scale,
                                          int N, int D, cudaStream_t stream) {
    LAUNCH(rmsnorm_kernel, (N + RMSNORM_WARPS - 1) / RMSNORM_WARPS, 32 * RMSNORM_WARPS, 0, stream,
           y, rstd, x, scale, N, D);
    return launch_error();
}

// Writes dscale (D), and dx or with ADD adds to it; scratch has column_sums_scratch(D) floats.
template <bool ADD>
static inline const char *rmsnorm_backward(float *dx, float *dscale, const float *dy,
                                           const float *x, const float *rstd, const float *scale,
                                           int N, int D, float *scratch, cudaStream_t stream) {
    LAUNCH((rmsnorm_backward_kernel<ADD>), (N + RMSNORM_WARPS - 1) / RMSNORM_WARPS,
           32 * RMSNORM_WARPS, 0, stream, dx, dy, x, rstd, scale, N, D);
    return column_sums(dscale, ScaleTerm{ dy, x, rstd, D }, N, D, scratch, stream);
}
