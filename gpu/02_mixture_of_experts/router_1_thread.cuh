// p (N,E) = softmax(logits), and the K best experts of each token
// oracle: chapters/02_mixture_of_experts/moe.c, moe_logits and moe_route
// One thread per token, which reads its row of logits from left to right, again and again.
#pragma once
#include "gpu/02_mixture_of_experts/routing.cuh"

// [thread
static __global__ void router_thread_kernel(TokenChoice out, const float *logits, const float *bias,
                                            int N, int E, int K) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (t > N) return;
    out.start[t] = t * K;
    if (t == N) return;
    const float *own = logits + (size_t)t * E;
    float *p = out.p + (size_t)t * E;
    float max = own[0], sum = 0.0f;
    for (int e = 1; e < E; e++) max = fmaxf(max, own[e]);
    for (int e = 0; e < E; e++) sum += expf(own[e] - max);
    for (int e = 0; e < E; e++) p[e] = expf(own[e] - max) / sum;
    out.log_sum[t] = max + logf(sum);
    int last = -1; // the expert found before: the next one is the best of those that rank lower
    float last_score = INFINITY;
    for (int k = 0; k < K; k++) {
        int best = -1;
        float best_score = 0.0f;
        for (int e = 0; e < E; e++) {
            float score = rank_score(own, p, bias, e);
            if (k > 0 && !ranks_higher(last_score, last, score, e)) continue;
            if (best >= 0 && !ranks_higher(score, e, best_score, best)) continue;
            best = e;
            best_score = score;
        }
        out.index[(size_t)t * K + k] = last = best;
        out.weight[(size_t)t * K + k] = p[best];
        last_score = best_score;
    }
}
// thread]

static inline const char *router_thread(const TokenChoice *out, const float *logits,
                                        const float *bias, int N, int E, int K,
                                        cudaStream_t stream) {
    const char *refusal = refuse_token_choice(N, E, K);
    if (refusal) return refusal;
    LAUNCH(router_thread_kernel, ceil_div(N + 1, 128), 128, 0, stream, *out, logits, bias, N, E, K);
    return launch_error();
}
