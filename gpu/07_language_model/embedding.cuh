// The embedding: a row of its table for every token. Oracle: reference/model/model.c
#pragma once
#include "gpu/launch.h"
#include <stddef.h>
#include <stdint.h>

// x (N,D) = embedding[tokens], one thread for each float
static __global__ void embedding_kernel(float *x, const float *embedding, const int32_t *tokens,
                                        size_t count, int D) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    x[i] = embedding[(size_t)tokens[i / D] * D + i % D];
}

static inline const char *embedding_forward(float *x, const float *embedding, const int32_t *tokens,
                                            int N, int D, cudaStream_t stream) {
    size_t count = (size_t)N * D;
    LAUNCH(embedding_kernel, (unsigned)((count + 255) / 256), 256, 0, stream, x, embedding, tokens,
           count, D);
    return launch_error();
}

// dembedding (V,D) += Σ dx[t] over the tokens t that read its row. Adding token by token with
// atomics would give other bits in every run. So the tokens come sorted: those that read row v are
// order[start[v]] .. order[start[v+1]-1]. A block owns 32 columns of one row; each of its warps
// sums every fourth token, and these sums are added in order.
enum { EMBEDDING_WARPS = 4 };
// [backward
static __global__ void embedding_backward_kernel(float *dembedding, const float *dx,
                                                 const int32_t *start, const int32_t *order,
                                                 int D) {
    __shared__ float sums[EMBEDDING_WARPS][32];
    int v = (int)blockIdx.x, lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    int d = (int)blockIdx.y * 32 + lane, last = start[v + 1];
    if (start[v] == last) return; // the whole block
    float sum = 0.0f;
    for (int i = start[v] + warp; d < D && i < last; i += EMBEDDING_WARPS)
        sum += dx[(size_t)order[i] * D + d];
    sums[warp][lane] = sum;
    __syncthreads();
    if (warp > 0 || d >= D) return;
    for (int i = 1; i < EMBEDDING_WARPS; i++) sum += sums[i][lane];
    dembedding[(size_t)v * D + d] += sum;
}
// backward]

static inline const char *embedding_backward(float *dembedding, const float *dx,
                                             const int32_t *start, const int32_t *order, int V,
                                             int D, cudaStream_t stream) {
    dim3 grid((unsigned)V, (unsigned)(D + 31) / 32);
    LAUNCH(embedding_backward_kernel, grid, 32 * EMBEDDING_WARPS, 0, stream, dembedding, dx, start,
           order, D);
    return launch_error();
}
