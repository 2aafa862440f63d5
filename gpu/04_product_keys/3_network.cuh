// score and index [T,C,K]: the K best keys     oracle: chapters/04_product_keys/product_keys.c,
// product_top_k; chapters/02_mixture_of_experts/top_k.c for one list
// One thread per token and channel again, but neighbouring lanes have neighbouring tokens, whose
// scores are neighbours if they are key-major; and the best so far are in registers, since every
// insertion does the same steps.
#pragma once
#include "gpu/04_product_keys/2_warp.cuh"

// The MAX best, in order. Once the loops are unrolled, every index into it is a constant, without
// which it could not be in registers.
// [insert
template <int MAX> struct Best {
    float score[MAX];
    int index[MAX];
    __device__ Best() {
        for (int k = 0; k < MAX; k++) {
            score[k] = -INFINITY;
            index[k] = INT_MAX;
        }
    }
    // Each place keeps the better of its own and the candidate, and passes the other on.
    __device__ void insert(float candidate, int candidate_index) {
        UNROLL
        for (int k = 0; k < MAX; k++) {
            float own = score[k];
            int own_index = index[k];
            bool better = ranks_higher_on_device(candidate, candidate_index, own, own_index);
            score[k] = better ? candidate : own;
            index[k] = better ? candidate_index : own_index;
            candidate = better ? own : candidate;
            candidate_index = better ? own_index : candidate_index;
        }
    }
};
// insert]

template <int MAX>
__device__ void insert_list(Best<MAX> &best, const KeyScores &scores, int t, int list, int n) {
    for (int i = 0; i < n; i++) best.insert(scores(t, list, i, n), i);
}

// [network
template <int MAX>
__global__ void select_network_kernel(float *score, int *index, KeyScores scores, KeySizes s) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x), c = (int)blockIdx.y;
    if (t >= s.T) return;
    Best<MAX> best;
    if (s.parts == 1) {
        insert_list(best, scores, t, c, s.n);
    } else {
        Best<MAX> a, b;
        insert_list(a, scores, t, c, s.n);
        insert_list(b, scores, t, s.C + c, s.n);
        UNROLL
        for (int p = 0; p < MAX; p++) {
            UNROLL
            for (int q = 0; q < MAX / (p + 1); q++) {
                if ((p + 1) * (q + 1) <= s.K)
                    best.insert(a.score[p] + b.score[q], a.index[p] * s.n + b.index[q]);
            }
        }
    }
    UNROLL
    for (int k = 0; k < MAX; k++) {
        if (k >= s.K) break;
        score[((size_t)t * s.C + c) * s.K + k] = best.score[k];
        index[((size_t)t * s.C + c) * s.K + k] = best.index[k];
    }
}
// network]

// Of any K: where the registers do not suffice, one warp per token and channel.
static inline const char *select_keys(float *score, int *index, KeyScores scores, KeySizes s,
                                      cudaStream_t stream) {
    if (s.K > 16) return select_warp(score, index, scores, s, stream);
    if (const char *refusal = refuse_keys(s)) return refusal;
    auto network = s.K <= 8 ? select_network_kernel<8> : select_network_kernel<16>;
    dim3 grid((unsigned)ceil_div(s.T, 64), (unsigned)s.C);
    LAUNCH(network, grid, 64, 0, stream, score, index, scores, s);
    return launch_error();
}
