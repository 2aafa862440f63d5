// What the router's versions share: the order of experts, and what a router writes.
#pragma once
#include "gpu/launch.h"
#include <math.h>

// The order of every selection in this course: the higher score first, equal scores by the lower
// index, NaN after every number. Oracle: chapters/02_mixture_of_experts/top_k.c, ranks_higher
// [order
static __device__ __forceinline__ bool ranks_higher(float score_i, int i, float score_j, int j) {
    if (isnan(score_i) != isnan(score_j)) return !isnan(score_i);
    if (score_i != score_j && !isnan(score_i)) return score_i > score_j;
    return i < j;
}
// order]

// What token choice writes for N tokens: the gating, in which the entries of token t are those from
// start[t] to start[t+1] - 1, and what backward needs.
typedef struct {
    float *p, *log_sum; // (N,E), (N): softmax of each row of logits, and log Σ e^logit
    int *start;         // (N+1): t·K
    int *index;         // (N,K): the experts, highest first
    float *weight;      // (N,K): their p
} TokenChoice;

// By what an expert is ranked: its logit, or where there is a bias (E), p + bias.
static __device__ __forceinline__ float rank_score(const float *logits, const float *p,
                                                   const float *bias, int e) {
    return bias ? p[e] + bias[e] : logits[e];
}

static inline const char *refuse_token_choice(int N, int E, int K) {
    if (K > E) return "K is more than E: a token cannot take more experts than there are";
    if (N > 0x7fffffff / (E > 32 ? E : 32)) return "N times E is more than 2^31 - 1";
    return nullptr;
}
