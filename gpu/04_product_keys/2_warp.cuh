// score and index [T,C,K]: the K best keys     oracle: chapters/04_product_keys/product_keys.c,
// product_top_k; chapters/02_mixture_of_experts/top_k.c for one list
// One warp per token and channel: its lanes read a list side by side, and K times agree on the best
// of those that are left.
#pragma once
#include "gpu/04_product_keys/keys.cuh"

constexpr int SELECT_WARPS = 4; // per block

struct Candidate {
    float score;
    int index;
    __device__ bool ranks_higher_than(Candidate other) const {
        return ranks_higher_on_device(score, index, other.score, other.index);
    }
};

// [warp_best
static __device__ inline Candidate warp_best(Candidate best) {
    for (int step = 16; step > 0; step /= 2) {
        Candidate other = { __shfl_xor_sync(0xffffffffu, best.score, step),
                            __shfl_xor_sync(0xffffffffu, best.index, step) };
        if (other.ranks_higher_than(best)) best = other;
    }
    return best;
}
// warp_best]

// score and index [K] of the best of `count` candidates. Those left in round k are the candidates
// that rank lower than the one of round k - 1.
// [select
template <class Candidates>
__device__ void warp_select(float *score, int *index, int K, int count, Candidates candidates) {
    int lane = (int)threadIdx.x % 32;
    Candidate last = { INFINITY, -1 };
    for (int k = 0; k < K; k++) {
        Candidate best = { -INFINITY, INT_MAX };
        for (int i = lane; i < count; i += 32) {
            Candidate candidate = candidates(i);
            if (last.ranks_higher_than(candidate) && candidate.ranks_higher_than(best))
                best = candidate;
        }
        last = warp_best(best);
        if (lane == 0) {
            score[k] = last.score;
            index[k] = last.index;
        }
    }
    __syncwarp(); // the other lanes read what lane 0 wrote
}
// select]

static __global__ void select_warp_kernel(float *score, int *index, KeyScores scores, KeySizes s) {
    DYNAMIC_SHARED(float, shared); // per warp: scores and indices of both lists, [2,K] each
    int warp = (int)threadIdx.x / 32, i = (int)blockIdx.x * SELECT_WARPS + warp;
    int t = i / s.C, c = i % s.C, K = s.K;
    if (t >= s.T) return;
    float *a_score = shared + 4 * K * warp, *b_score = a_score + K;
    int *a_index = reinterpret_cast<int *>(b_score + K), *b_index = a_index + K;
    score += (size_t)i * K;
    index += (size_t)i * K;
    auto list = [&](int number) {
        return [&, number](int key) { return Candidate{ scores(t, number, key, s.n), key }; };
    };
    if (s.parts == 1) {
        warp_select(score, index, K, s.n, list(c));
        return;
    }
    warp_select(a_score, a_index, K, s.n, list(c));
    warp_select(b_score, b_index, K, s.n, list(s.C + c));
    warp_select(score, index, K, K * K, [&](int pair) {
        int p = pair / K, q = pair % K;
        if ((p + 1) * (q + 1) > K) return Candidate{ -INFINITY, INT_MAX }; // never among the best
        return Candidate{ a_score[p] + b_score[q], a_index[p] * s.n + b_index[q] };
    });
}

static inline const char *select_warp(float *score, int *index, KeyScores scores, KeySizes s,
                                      cudaStream_t stream) {
    if (const char *refusal = refuse_keys(s)) return refusal;
    size_t bytes = sizeof(float) * 4 * SELECT_WARPS * (size_t)s.K;
    if (bytes > 48 * 1024) return "K is more than 768: no shared memory for it";
    LAUNCH(select_warp_kernel, ceil_div(s.T * s.C, SELECT_WARPS), 32 * SELECT_WARPS, bytes, stream,
           score, index, scores, s);
    return launch_error();
}
