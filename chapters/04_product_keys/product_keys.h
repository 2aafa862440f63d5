#ifndef CHAPTERS_04_PRODUCT_KEYS_PRODUCT_KEYS_H
#define CHAPTERS_04_PRODUCT_KEYS_PRODUCT_KEYS_H
#include "chapters/02_mixture_of_experts/top_k.h"

// Product keys (Lample 2019, section 3.2): n² keys made of two lists of n sub-keys. Key i·n + j is
// the sum of sub-key i of the first list and sub-key j of the second, so its score is a sum too:
//   score[i·n + j] = q · (first[i] + second[j]) = a[i] + b[j]
// The K best of all n² scores are found without ever computing all n².
//
// The searches return the number of comparisons made. Their order is chapter 02's: `ranks_higher`.

// score [n] = keys [n,Dk] · query [Dk]: n·Dk multiplications.
void key_scores(double *score, const double *query, const double *keys, int n, int Dk);

// Three ways to find the K best sums a[i] + b[j] of a, b [n]: score [K] and index [K] = i·n + j,
// best first. 1 <= K <= n. scratch [2,K] holds the K best of a and of b. a and b are finite or NaN;
// a sum with a NaN comes after all others, and if fewer than K sums are numbers, it is undefined
// which NaN sums fill the rest. The second and third way agree with the first as long as different
// sums still differ after rounding.
// All n² sums:
long all_pairs_top_k(double *score, int *index, const double *a, const double *b, int n, int K);
// The K² sums of the K best of a and of b:
long square_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                  int *scratch);
// Of those, the sums with rank_a · rank_b <= K:
long product_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                   int *scratch);

// How many sums product_top_k computes: the pairs of ranks, counted from 1, with
// rank_a · rank_b <= K, about K·ln K of K². 20 for K = 8.
int product_candidates(int K);

// Backward. The selection has no gradient; a chosen score passes its own to its two sub-scores:
// da [n], db [n] += dscore [K].
void product_backward(double *da, double *db, const double *dscore, const int *index, int n, int K);
#endif
