#ifndef REFERENCE_FFN_TOP_K_H
#define REFERENCE_FFN_TOP_K_H
#include <stdint.h>

// Top-K of many tokens at once: the scores stand token by token side by side (structure of arrays),
// so that one vector instruction compares LANES tokens. Ties go to the lower index; NaN loses to
// every number.
#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

// The K best of `count` scores for LANES tokens. scores [count] rows of LANES floats, `stride`
// floats apart; lanes that are no token hold anything and get some choice. best_score and
// best_index [K,LANES], highest first. 1 <= K <= count.
void top_k_lanes(float *best_score, int32_t *best_index, const float *scores, int stride, int count,
                 int K);

// Product keys (Lample 2019; chapter 04): from the K best of both halves, a [K,LANES] and b
// [K,LANES] with their indices, the K best of all n² sums a_i + b_j, index i·n + j. Exact, as only
// pairs of ranks p, q (from 1) with p·q <= K can be among them: the pairs that dominate any other
// one number K already.
void product_top_k_lanes(float *best_score, int32_t *best_index, const float *a_score,
                         const int32_t *a_index, const float *b_score, const int32_t *b_index,
                         int n, int K);
#endif
