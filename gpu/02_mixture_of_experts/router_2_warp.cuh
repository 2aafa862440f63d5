// p (N,E) = softmax(logits), and the K best experts of each token
// oracle: chapters/02_mixture_of_experts/moe.c, moe_logits and moe_route
// One warp per token: neighbouring lanes have neighbouring experts, and find maxima, sums and the
// best expert together, with shuffles.
#pragma once
#include "gpu/02_mixture_of_experts/routing.cuh"

// [reduce
// Over WIDTH neighbouring lanes of a warp, all of which call these and get the same result.
template <int WIDTH> static __device__ __forceinline__ float lanes_max(float x) {
    for (int step = WIDTH / 2; step > 0; step /= 2)
        x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, step));
    return x;
}

template <int WIDTH> static __device__ __forceinline__ float lanes_sum(float x) {
    for (int step = WIDTH / 2; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
}

// The best of the lanes' candidates. An expert of -1: the lane has none.
template <int WIDTH> static __device__ __forceinline__ void lanes_best(float *score, int *expert) {
    for (int step = WIDTH / 2; step > 0; step /= 2) {
        float other_score = __shfl_xor_sync(0xffffffffu, *score, step);
        int other = __shfl_xor_sync(0xffffffffu, *expert, step);
        if (other < 0) continue;
        if (*expert >= 0 && !ranks_higher(other_score, other, *score, *expert)) continue;
        *score = other_score;
        *expert = other;
    }
}
// reduce]

// [warp
static __global__ void router_warp_kernel(TokenChoice out, const float *logits, const float *bias,
                                          int N, int E, int K) {
    int t = (int)((blockIdx.x * blockDim.x + threadIdx.x) / 32), lane = (int)threadIdx.x % 32;
    if (t > N) return;
    if (lane == 0) out.start[t] = t * K;
    if (t == N) return;
    const float *own = logits + (size_t)t * E;
    float *p = out.p + (size_t)t * E;
    float max = -INFINITY, sum = 0.0f;
    for (int e = lane; e < E; e += 32) max = fmaxf(max, own[e]);
    max = lanes_max<32>(max);
    for (int e = lane; e < E; e += 32) sum += expf(own[e] - max);
    sum = lanes_sum<32>(sum);
    for (int e = lane; e < E; e += 32) p[e] = expf(own[e] - max) / sum;
    if (lane == 0) out.log_sum[t] = max + logf(sum);
    int last = -1;
    float last_score = INFINITY;
    for (int k = 0; k < K; k++) {
        int best = -1;
        float best_score = 0.0f;
        for (int e = lane; e < E; e += 32) {
            float score = rank_score(own, p, bias, e);
            if (k > 0 && !ranks_higher(last_score, last, score, e)) continue;
            if (best >= 0 && !ranks_higher(score, e, best_score, best)) continue;
            best = e;
            best_score = score;
        }
        lanes_best<32>(&best_score, &best);
        last = best;
        last_score = best_score;
        if (lane == best % 32) { // it has written p[best] itself
            out.index[(size_t)t * K + k] = best;
            out.weight[(size_t)t * K + k] = p[best];
        }
    }
}
// warp]

static inline const char *router_warp(const TokenChoice *out, const float *logits,
                                      const float *bias, int N, int E, int K, cudaStream_t stream) {
    const char *refusal = refuse_token_choice(N, E, K);
    if (refusal) return refusal;
    LAUNCH(router_warp_kernel, ceil_div(N + 1, 4), 128, 0, stream, *out, logits, bias, N, E, K);
    return launch_error();
}
