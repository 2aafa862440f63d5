// score and index [T,C,K]: the K best keys     oracle: chapters/04_product_keys/product_keys.c,
// product_top_k; chapters/02_mixture_of_experts/top_k.c for one list
// One thread per token and channel, which does what the chapter does.
#pragma once
#include "gpu/04_product_keys/keys.cuh"

constexpr int MOST_SELECTED = 64;

// The best so far, in order.
struct Selected {
    float score[MOST_SELECTED];
    int index[MOST_SELECTED], count;
};

// [offer
static __device__ inline void offer(Selected &best, float score, int index, int K) {
    int rank = best.count;
    while (rank > 0 &&
           ranks_higher_on_device(score, index, best.score[rank - 1], best.index[rank - 1]))
        rank--;
    if (rank == K) return;
    if (best.count < K) best.count++;
    for (int k = best.count - 1; k > rank; k--) {
        best.score[k] = best.score[k - 1];
        best.index[k] = best.index[k - 1];
    }
    best.score[rank] = score;
    best.index[rank] = index;
}
// offer]

static __device__ inline void offer_list(Selected &best, const KeyScores &scores, int t, int list,
                                         const KeySizes &s) {
    best.count = 0;
    for (int i = 0; i < s.n; i++) offer(best, scores(t, list, i, s.n), i, s.K);
}

// [thread
static __global__ void select_thread_kernel(float *score, int *index, KeyScores scores,
                                            KeySizes s) {
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x), t = i / s.C, c = i % s.C;
    if (t >= s.T) return;
    Selected best, a, b;
    offer_list(s.parts == 1 ? best : a, scores, t, c, s);
    if (s.parts == 2) {
        offer_list(b, scores, t, s.C + c, s);
        best.count = 0;
        for (int p = 1; p <= s.K; p++) {
            for (int q = 1; p * q <= s.K; q++) {
                offer(best, a.score[p - 1] + b.score[q - 1], a.index[p - 1] * s.n + b.index[q - 1],
                      s.K);
            }
        }
    }
    for (int k = 0; k < s.K; k++) {
        score[(size_t)i * s.K + k] = best.score[k];
        index[(size_t)i * s.K + k] = best.index[k];
    }
}
// thread]

static inline const char *select_thread(float *score, int *index, KeyScores scores, KeySizes s,
                                        cudaStream_t stream) {
    if (const char *refusal = refuse_keys(s)) return refusal;
    if (s.K > MOST_SELECTED) return "K is more than 64: no place for that many in a thread";
    LAUNCH(select_thread_kernel, ceil_div(s.T * s.C, 128), 128, 0, stream, score, index, scores, s);
    return launch_error();
}
