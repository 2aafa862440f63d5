// Cross-entropy of rows of logits, and its gradient in their place. Oracle: reference/model/loss.c
#pragma once
#include "reduce.cuh"
#include <stddef.h>
#include <stdint.h>

enum { LOSS_THREADS = 256 };

// One block per row of logits (rows,V). losses[row] = log Σ e^logit - logit[target], or 0 where the
// target is `pad`. With GRADIENT the logits become scale · (softmax - one-hot), 0 for padding.
// [loss
template <bool GRADIENT>
static __global__ void cross_entropy_kernel(float *losses, float *logits, const int32_t *targets,
                                            const float *scale, int V, int pad) {
    float *row = logits + (size_t)blockIdx.x * V;
    int target = targets[blockIdx.x];
    if (target == pad) {
        for (int v = (int)threadIdx.x; GRADIENT && v < V; v += LOSS_THREADS) row[v] = 0.0f;
        if (threadIdx.x == 0) losses[blockIdx.x] = 0.0f;
        return;
    }
    float max = -INFINITY, sum = 0.0f, logit = row[target];
    for (int v = (int)threadIdx.x; v < V; v += LOSS_THREADS) max = fmaxf(max, row[v]);
    max = block_max(max);
    for (int v = (int)threadIdx.x; v < V; v += LOSS_THREADS) sum += expf(row[v] - max);
    sum = block_sum(sum);
    if (threadIdx.x == 0) losses[blockIdx.x] = max + logf(sum) - logit;
    float factor = *scale / sum;
    for (int v = (int)threadIdx.x; GRADIENT && v < V; v += LOSS_THREADS) {
        float gradient = factor * expf(row[v] - max);
        row[v] = v == target ? gradient - *scale : gradient;
    }
}
// loss]

template <bool GRADIENT>
static inline const char *cross_entropy(float *losses, float *logits, const int32_t *targets,
                                        const float *scale, int rows, int V, int pad,
                                        cudaStream_t stream) {
    LAUNCH((cross_entropy_kernel<GRADIENT>), rows, LOSS_THREADS, 0, stream, losses, logits, targets,
           scale, V, pad);
    return launch_error();
}

// *out = Σ losses (N) / *divisor; one block.
static __global__ void mean_loss_kernel(double *out, const float *losses, int N,
                                        const double *divisor) {
    double sum = 0.0;
    for (int i = (int)threadIdx.x; i < N; i += LOSS_THREADS) sum += losses[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) *out = *divisor > 0.0 ? sum / *divisor : 0.0;
}

static inline const char *mean_loss(double *out, const float *losses, int N, const double *divisor,
                                    cudaStream_t stream) {
    LAUNCH(mean_loss_kernel, 1, LOSS_THREADS, 0, stream, out, losses, N, divisor);
    return launch_error();
}
