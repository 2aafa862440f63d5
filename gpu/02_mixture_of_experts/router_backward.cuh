// dlogits (N,E) from dweight (entries), where the weight of an entry is `share` · p, p (N,E) the
// softmax of logits: dlogit = p·(dp - Σ p·dp), and dp is 0 for experts that were not taken.
// oracle: chapters/02_mixture_of_experts/moe.c, moe_route_backward
#pragma once
#include "gpu/02_mixture_of_experts/router_2_warp.cuh"

// One warp per token.
// [router_backward
static __global__ void router_backward_kernel(float *dlogits, const float *dweight, const float *p,
                                              const int *start, const int *index, float share,
                                              int N, int E) {
    int t = (int)((blockIdx.x * blockDim.x + threadIdx.x) / 32), lane = (int)threadIdx.x % 32;
    if (t >= N) return;
    const float *own = p + (size_t)t * E;
    int begin = start[t], end = start[t + 1];
    float mean = 0.0f;
    for (int i = begin + lane; i < end; i += 32) mean += own[index[i]] * share * dweight[i];
    mean = lanes_sum<32>(mean);
    for (int e = lane; e < E; e += 32) {
        float slope = 0.0f;
        for (int i = begin; i < end; i++) slope += index[i] == e ? share * dweight[i] : 0.0f;
        dlogits[(size_t)t * E + e] = own[e] * (slope - mean);
    }
}
// router_backward]

static inline const char *router_backward(float *dlogits, const float *dweight, const float *p,
                                          const int *start, const int *index, float share, int N,
                                          int E, cudaStream_t stream) {
    LAUNCH(router_backward_kernel, ceil_div(N, 4), 128, 0, stream, dlogits, dweight, p, start,
           index, share, N, E);
    return launch_error();
}
