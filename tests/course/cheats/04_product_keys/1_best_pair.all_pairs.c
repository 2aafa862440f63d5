// Refused by long_lists: it computes all n² sums.
#include "chapters/04_product_keys/product_keys.h"

int best_pair(const double *a, const double *b, int n) {
    double score;
    int best;
    all_pairs_top_k(&score, &best, a, b, n, 1);
    return best;
}
