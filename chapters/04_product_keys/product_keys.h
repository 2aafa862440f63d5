#ifndef PRODUCT_KEYS_H
#define PRODUCT_KEYS_H
#include "chapters/02_mixture_of_experts/top_k.h"

// Product keys (Lample 2019, section 3.2): n² keys made of two lists of n sub-keys. Key i·n + j
// is the sum of sub-key i of the first list and sub-key j of the second, so its score is a sum too:
//   score[i·n + j] = q · (first[i] + second[j]) = a[i] + b[j]
// and the K best of all n² are found without ever writing the n² down.
//
// The searches return how many comparisons they made, for those who count. The order is chapter
// 02's: `ranks_higher`.

// score [n] = keys [n,Dk] · query [Dk]: n·Dk multiplications.
void key_scores(double *score, const double *query, const double *keys, int n, int Dk);

// Three ways to the same K best sums a[i] + b[j] of a, b [n]: score [K], index [K] = i·n + j, best
// first. 1 <= K <= n. scratch [2,K] holds the K best of a and of b. a and b are finite or NaN; a sum
// with a NaN comes behind all others, and where fewer than K sums are numbers, which of the NaN
// ones fill the rest is not promised. The second and third way agree with the first wherever sums
// that differ still do when rounded.
// n² sums
long all_pairs_top_k(double *score, int *index, const double *a, const double *b, int n, int K);
// K² sums
long square_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                  int *scratch);
// p·q <= K
long product_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                   int *scratch);

// Sums that product_top_k forms: the pairs of ranks p, q >= 1 with p·q <= K, about K·ln K of K². 20
// for K = 8.
int product_candidates(int K);

// The way back. The choice has no gradient; a chosen score hands its own to the two sub-scores that
// made it:
// da [n], db [n] += dscore [K].
void product_backward(double *da, double *db, const double *dscore, const int *index, int n, int K);
#endif
