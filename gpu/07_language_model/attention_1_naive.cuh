// Attention, version 1: a block for each query. Every block reads all its keys and values from
// global memory, Dh floats apart for neighbouring threads.
#pragma once
#include "attention.cuh"

enum { NAIVE_THREADS = 128 };

// [naive
static __global__ void attention_naive_kernel(float *out, float *log_sum, const float *q,
                                              const float *k, const float *v, AttentionShape s) {
    DYNAMIC_SHARED(float, scores); // (T)
    int t = (int)blockIdx.x, h = (int)blockIdx.y, b = (int)blockIdx.z;
    const float *query = q + head_row(s, b, h, t);
    float max = -INFINITY, sum = 0.0f;
    for (int i = (int)threadIdx.x; i <= t; i += NAIVE_THREADS) {
        const float *key = k + head_row(s, b, h, i);
        float score = 0.0f;
        for (int d = 0; d < s.Dh; d++) score += query[d] * key[d];
        scores[i] = score;
        max = fmaxf(max, score);
    }
    max = block_max(max);
    for (int i = (int)threadIdx.x; i <= t; i += NAIVE_THREADS) {
        scores[i] = expf(scores[i] - max);
        sum += scores[i];
    }
    sum = block_sum(sum); // its barriers also show every thread all scores
    for (int d = (int)threadIdx.x; d < s.Dh; d += NAIVE_THREADS) {
        float value = 0.0f;
        for (int i = 0; i <= t; i++) value += scores[i] * v[head_row(s, b, h, i) + d];
        out[head_row(s, b, h, t) + d] = value / sum;
    }
    if (threadIdx.x == 0) log_sum[head_log_sum(s, b, h, t)] = max + logf(sum);
}
// naive]

static inline const char *attention_naive(float *out, float *log_sum, const float *q,
                                          const float *k, const float *v, AttentionShape s,
                                          cudaStream_t stream) {
    size_t bytes = (size_t)s.T * sizeof(float);
    const char *error = allow_shared(attention_naive_kernel, bytes);
    if (error != nullptr) return error;
    dim3 grid((unsigned)s.T, (unsigned)s.H, (unsigned)s.B);
    LAUNCH(attention_naive_kernel, grid, NAIVE_THREADS, bytes, stream, out, log_sum, q, k, v, s);
    return launch_error();
}
