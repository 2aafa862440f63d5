#ifndef REFERENCE_FFN_TOP_K_H
#define REFERENCE_FFN_TOP_K_H
#include <stdint.h>

// Top-k of LANES tokens at once: the scores of a key for neighbouring tokens are adjacent
// (structure of arrays), so one vector instruction compares LANES tokens. Equal scores go to the
// lower index; NaN loses to every number.
#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

// The K best of `count` scores, 1 <= K <= count. scores: `count` rows of LANES floats, `stride`
// floats apart; lanes without a token may have any values. Writes best_score and best_index
// [K,LANES], highest first.
void top_k_lanes(float *best_score, int32_t *best_index, const float *scores, int stride, int count,
                 int K);

// Product keys (Lample 2019; chapter 04): the K best of all n² sums a_i + b_j, with index i·n + j,
// from the K best of each, a and b [K,LANES]. Exact: a pair of ranks p, q (from 1) has p·q - 1
// pairs that are at least as good, so only pairs with p·q <= K can be among the K best.
void product_top_k_lanes(float *best_score, int32_t *best_index, const float *a_score,
                         const int32_t *a_index, const float *b_score, const int32_t *b_index,
                         int n, int K);
#endif
