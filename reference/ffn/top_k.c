#include "reference/ffn/top_k.h"
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

// Vectors of LANES values, with the vector extension that gcc and clang share: a comparison gives
// -1 or 0 in each lane. The selection is written with bit operations, since compilers turn a plain
// loop over the lanes into masked stores and branches (measured: 340 ns instead of 45 per list of
// 32 keys).
typedef float Floats
    __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int32_t Ints
    __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(sizeof(int32_t)), may_alias));

static inline Floats every_float(float value) { return (Floats){ 0 } + value; }
static inline Ints every_int(int32_t value) { return (Ints){ 0 } + value; }
static inline Floats choose(Ints mask, Floats yes, Floats no) {
    return (Floats)(((Ints)yes & mask) | ((Ints)no & ~mask));
}

// Inserts a candidate into a sorted list of K: each place keeps the better of its own and the
// candidate, and passes the other on. Candidates in the order of their indices (in_order) lose
// every tie to those before them, and a value that was pushed out of its place pushes out all that
// follow, equal or not; other candidates must also compare the indices.
static inline __attribute__((always_inline)) void
insert(Floats *best_score, Ints *best_index, Floats score, Ints index, int K, bool in_order) {
    Ints pushed = every_int(0);
    for (int k = 0; k < K; k++) {
        Floats held = best_score[k];
        Ints held_index = best_index[k];
        Ints better = score > held;
        if (in_order)
            better |= pushed;
        else
            better |= (score == held) & (index < held_index);
        pushed = better;
        best_score[k] = choose(better, score, held);
        score = choose(better, held, score);
        Ints swapped = (index ^ held_index) & better;
        best_index[k] = held_index ^ swapped;
        index ^= swapped;
    }
}

static inline __attribute__((always_inline)) void clear(Floats *best_score, Ints *best_index,
                                                        int K) {
    for (int k = 0; k < K; k++) {
        // An empty place loses to every candidate: those are at least -FLT_MAX.
        best_score[k] = every_float(-INFINITY);
        best_index[k] = every_int(INT32_MAX);
    }
}

static inline __attribute__((always_inline)) void
top(Floats *best_score, Ints *best_index, const float *scores, int stride, int count, int K) {
    clear(best_score, best_index, K);
    for (int i = 0; i < count; i++) {
        Floats score = *(const Floats *)(scores + (size_t)i * stride), min = every_float(-FLT_MAX);
        score = choose(score > min, score, min); // replaces NaN and -infinity
        insert(best_score, best_index, score, every_int(i), K, true);
    }
}

static inline __attribute__((always_inline)) void
product(Floats *best_score, Ints *best_index, const Floats *a_score, const Ints *a_index,
        const Floats *b_score, const Ints *b_index, int n, int K) {
    clear(best_score, best_index, K);
    for (int p = 0; p < K; p++) {
        for (int q = 0; (p + 1) * (q + 1) <= K; q++) {
            insert(best_score, best_index, a_score[p] + b_score[q], a_index[p] * n + b_index[q], K,
                   false);
        }
    }
}

void top_k_lanes(float *best_score, int32_t *best_index, const float *scores, int stride, int count,
                 int K) {
    Floats *best = (Floats *)best_score;
    Ints *index = (Ints *)best_index;
    if (K == 8) { // the papers' K: unrolls the loop over the places
        top(best, index, scores, stride, count, 8);
    } else {
        top(best, index, scores, stride, count, K);
    }
}

void product_top_k_lanes(float *best_score, int32_t *best_index, const float *a_score,
                         const int32_t *a_index, const float *b_score, const int32_t *b_index,
                         int n, int K) {
    Floats *best = (Floats *)best_score;
    Ints *index = (Ints *)best_index;
    const Floats *a = (const Floats *)a_score, *b = (const Floats *)b_score;
    if (K == 8) {
        product(best, index, a, (const Ints *)a_index, b, (const Ints *)b_index, n, 8);
    } else {
        product(best, index, a, (const Ints *)a_index, b, (const Ints *)b_index, n, K);
    }
}
