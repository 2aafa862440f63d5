// p (N,E) = softmax(logits), and the K best experts of each token
// oracle: chapters/02_mixture_of_experts/moe.c, moe_logits and moe_route
// As many lanes per token as there are experts, rounded up to a power of two: a warp has several
// tokens, and each lane has one expert, whose logit it reads once.
#pragma once
#include "gpu/02_mixture_of_experts/router_2_warp.cuh"

// [group
template <int WIDTH>
static __global__ void router_group_kernel(TokenChoice out, const float *logits, const float *bias,
                                           int N, int E, int K) {
    int t = (int)((blockIdx.x * blockDim.x + threadIdx.x) / WIDTH), e = (int)threadIdx.x % WIDTH;
    if (e == 0 && t <= N) out.start[t] = t * K;
    bool exists = t < N && e < E; // the other lanes take part in the shuffles
    size_t cell = (size_t)t * E + e;
    float logit = exists ? logits[cell] : -INFINITY;
    float max = lanes_max<WIDTH>(logit), power = exists ? expf(logit - max) : 0.0f;
    float sum = lanes_sum<WIDTH>(power), p = power / sum;
    if (exists) out.p[cell] = p;
    if (e == 0 && t < N) out.log_sum[t] = max + logf(sum);
    float own_score = exists && bias ? p + bias[e] : logit;
    bool taken = !exists;
    for (int k = 0; k < K; k++) {
        int best = taken ? -1 : e;
        float score = own_score;
        lanes_best<WIDTH>(&score, &best);
        if (!exists || best != e) continue;
        taken = true;
        out.index[(size_t)t * K + k] = e;
        out.weight[(size_t)t * K + k] = p;
    }
}
// group]

template <int WIDTH>
static const char *launch_router_group(const TokenChoice *out, const float *logits,
                                       const float *bias, int N, int E, int K,
                                       cudaStream_t stream) {
    LAUNCH(router_group_kernel<WIDTH>, ceil_div(N + 1, 128 / WIDTH), 128, 0, stream, *out, logits,
           bias, N, E, K);
    return launch_error();
}

// More than 32 experts are a warp's work.
static inline const char *router_group(const TokenChoice *out, const float *logits,
                                       const float *bias, int N, int E, int K,
                                       cudaStream_t stream) {
    const char *refusal = refuse_token_choice(N, E, K);
    if (refusal) return refusal;
    if (E <= 4) return launch_router_group<4>(out, logits, bias, N, E, K, stream);
    if (E <= 8) return launch_router_group<8>(out, logits, bias, N, E, K, stream);
    if (E <= 16) return launch_router_group<16>(out, logits, bias, N, E, K, stream);
    if (E <= 32) return launch_router_group<32>(out, logits, bias, N, E, K, stream);
    return router_warp(out, logits, bias, N, E, K, stream);
}
