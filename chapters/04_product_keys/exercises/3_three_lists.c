// Exercise 04-3. Keys made of three lists: n³ keys from 3·n sub-keys. Key (i·n + j)·n + l scores
// a[i] + b[j] + c[l].
//
// Which triples of ranks can be among the K best of all n³? How many are there for K = 8?
//
// score [K], index [K], best first, equal sums by the lower index; a, b, c [n] integers, so that
// sums are exact; 1 <= K <= n. scratch [3,K].
//
// Check with: make exercise-04-3
#include "chapters/04_product_keys/product_keys.h"

int triple_candidates(int K) { return K; } // yours to write

void triple_top_k(double *score, int *index, const double *a, const double *b, const double *c,
                  int n, int K, int *scratch) {
    (void)a, (void)b, (void)c, (void)n, (void)scratch;
    for (int k = 0; k < K; k++) {
        score[k] = 0.0; // yours to write
        index[k] = 0;
    }
}
