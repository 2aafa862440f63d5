// Exercise 04-2. Fewer sums than the staircase.
//
// The same as product_top_k, but it returns how many sums a[i] + b[j] it computed. Along a row of
// the sorted table sums only fall: once one of them cannot be among the K best, none after it can,
// and often no row below can either. When can you stop? (Among equal sums only a strictly lower one
// is certainly out.)
//
// score [K], index [K] = i·n + j, best first, equal sums by the lower index. a, b [n] are finite;
// scratch is [2,K].
//
// Check with: make exercise-04-2
#include "chapters/04_product_keys/product_keys.h"

long fewer_sums_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                      int *scratch) {
    // correct, but it computes product_candidates(K) of them
    product_top_k(score, index, a, b, n, K, scratch);
    return product_candidates(K);
}
