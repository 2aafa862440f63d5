#include "reference/ffn/select.h"
#include <float.h>
#include <math.h>
#include <stddef.h>

// Lists are kept sorted by insertion: a new value sinks through the K places and each place keeps the better of two.
// With K known to the compiler and LANES a few vectors wide, a place is a compare and four blends.
static inline __attribute__((always_inline)) void insert(float *restrict best_score, int32_t *restrict best_index,
                                                         float *restrict score, int32_t *restrict index, int from,
                                                         int K) {
    for (int k = from; k < K; k++) {
        float *restrict place = best_score + k * LANES;
        int32_t *restrict place_index = best_index + k * LANES;
#pragma omp simd
        for (int lane = 0; lane < LANES; lane++) {
            float held = place[lane], v = score[lane];
            int32_t held_index = place_index[lane], i = index[lane];
            int better = (v > held) | ((v == held) & (i < held_index));
            place[lane] = better ? v : held;
            place_index[lane] = better ? i : held_index;
            score[lane] = better ? held : v;
            index[lane] = better ? held_index : i;
        }
    }
}

static inline __attribute__((always_inline)) void clear(float *best_score, int32_t *best_index, int K) {
    for (int i = 0; i < K * LANES; i++) {
        best_score[i] = -INFINITY; // an empty place loses to every candidate: those are at least -FLT_MAX
        best_index[i] = INT32_MAX;
    }
}

static inline __attribute__((always_inline)) void top(float *restrict best_score, int32_t *restrict best_index,
                                                      const float *scores, int stride, int lanes, int count, int K) {
    clear(best_score, best_index, K);
    for (int i = 0; i < count; i++) {
        float score[LANES];
        int32_t index[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            float v = lane < lanes ? scores[(size_t)i * stride + lane] : 0.0f;
            score[lane] = v > -FLT_MAX ? v : -FLT_MAX; // NaN and -infinity
            index[lane] = i;
        }
        insert(best_score, best_index, score, index, 0, K);
    }
}

static inline __attribute__((always_inline)) void product(float *restrict best_score, int32_t *restrict best_index,
                                                          const float *a_score, const int32_t *a_index,
                                                          const float *b_score, const int32_t *b_index, int n, int K) {
    clear(best_score, best_index, K);
    for (int p = 0; p < K; p++) {
        for (int q = 0; (p + 1) * (q + 1) <= K; q++) {
            float score[LANES];
            int32_t index[LANES];
            for (int lane = 0; lane < LANES; lane++) {
                score[lane] = a_score[p * LANES + lane] + b_score[q * LANES + lane];
                index[lane] = a_index[p * LANES + lane] * n + b_index[q * LANES + lane];
            }
            insert(best_score, best_index, score, index, 0, K);
        }
    }
}

void select_top(float *best_score, int32_t *best_index, const float *scores, int stride, int lanes, int count, int K) {
    if (K == 8) { // the papers' K: the loops unroll and the list stays in registers
        top(best_score, best_index, scores, stride, lanes, count, 8);
    } else {
        top(best_score, best_index, scores, stride, lanes, count, K);
    }
}

void select_product(float *best_score, int32_t *best_index, const float *a_score, const int32_t *a_index,
                    const float *b_score, const int32_t *b_index, int n, int K) {
    if (K == 8) {
        product(best_score, best_index, a_score, a_index, b_score, b_index, n, 8);
    } else {
        product(best_score, best_index, a_score, a_index, b_score, b_index, n, K);
    }
}
