// Exercise 04-2. Fewer sums than the staircase.
//
// The same as product_top_k, and it returns how many sums a[i] + b[j] it formed. Along a row of the
// sorted table sums only fall: once one of them cannot enter the K best, none behind it can, and
// often no row below can either. When may you stop? (Equal sums: only a strictly lower one is out
// for certain.)
//
// score [K], index [K] = i·n + j, best first, equal sums by the lower index; a, b [n] finite; scratch
// [2,K].
#include "chapters/04_product_keys/product_keys.h"

long fewer_sums_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                      int *scratch) {
    // right, but it forms product_candidates(K) of them
    product_top_k(score, index, a, b, n, K, scratch);
    return product_candidates(K);
}
