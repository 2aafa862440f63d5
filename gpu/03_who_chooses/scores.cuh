// The scores of the unified pool (USMoE, Do 2025): U = (1 - alpha)·p + alpha·sigmoid(logits)·2/E,
// and their gradient. At alpha = 0 they are p, as expert choice ranks by.
// oracle: chapters/03_who_chooses/routing.c, unified_scores and unified_scores_backward
#pragma once
#include "gpu/02_mixture_of_experts/router_backward.cuh"

static __device__ __forceinline__ float logistic_of(float x) { return 1.0f / (1.0f + expf(-x)); }

// p (N,E) and log_sum (N) from logits (N,E): the softmax that the router of lesson 02 has inside.
static __global__ void softmax_rows_kernel(float *p, float *log_sum, const float *logits, int N,
                                           int E) {
    int t = (int)((blockIdx.x * blockDim.x + threadIdx.x) / 32), lane = (int)threadIdx.x % 32;
    if (t >= N) return;
    const float *own = logits + (size_t)t * E;
    float max = -INFINITY, sum = 0.0f;
    for (int e = lane; e < E; e += 32) max = fmaxf(max, own[e]);
    max = lanes_max<32>(max);
    for (int e = lane; e < E; e += 32) sum += expf(own[e] - max);
    sum = lanes_sum<32>(sum);
    for (int e = lane; e < E; e += 32) p[(size_t)t * E + e] = expf(own[e] - max) / sum;
    if (lane == 0) log_sum[t] = max + logf(sum);
}

static __global__ void unified_scores_kernel(float *score, const float *p, const float *logits,
                                             float alpha, size_t cells, int E) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= cells) return;
    score[i] = (1.0f - alpha) * p[i] + alpha * logistic_of(logits[i]) * 2.0f / (float)E;
}

// Writes p, log_sum and, unless score is null, the unified scores.
static inline const char *unified_scores(float *p, float *log_sum, float *score,
                                         const float *logits, float alpha, int N, int E,
                                         cudaStream_t stream) {
    size_t cells = (size_t)N * (size_t)E;
    LAUNCH(softmax_rows_kernel, ceil_div(N, 4), 128, 0, stream, p, log_sum, logits, N, E);
    if (score)
        LAUNCH(unified_scores_kernel, (unsigned)((cells + 255) / 256), 256, 0, stream, score, p,
               logits, alpha, cells, E);
    return launch_error();
}

// Adds the sigmoid's part to dlogits, one warp per token. An expert is at most once among a token's
// entries.
static __global__ void sigmoid_backward_kernel(float *dlogits, const float *dweight,
                                               const float *logits, const int *start,
                                               const int *index, float alpha, int N, int E) {
    int t = (int)((blockIdx.x * blockDim.x + threadIdx.x) / 32), lane = (int)threadIdx.x % 32;
    if (t >= N) return;
    for (int i = start[t] + lane; i < start[t + 1]; i += 32) {
        size_t cell = (size_t)t * E + index[i];
        float s = logistic_of(logits[cell]);
        dlogits[cell] += alpha * dweight[i] * 2.0f / (float)E * s * (1.0f - s);
    }
}

// dlogits (N,E) from dweight (entries).
static inline const char *unified_scores_backward(float *dlogits, const float *dweight,
                                                  const float *p, const float *logits,
                                                  const int *start, const int *index, float alpha,
                                                  int N, int E, cudaStream_t stream) {
    const char *refusal =
        router_backward(dlogits, dweight, p, start, index, 1.0f - alpha, N, E, stream);
    if (refusal) return refusal;
    LAUNCH(sigmoid_backward_kernel, ceil_div(N, 4), 128, 0, stream, dlogits, dweight, logits, start,
           index, alpha, N, E);
    return launch_error();
}
