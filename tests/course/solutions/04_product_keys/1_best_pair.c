#include "chapters/04_product_keys/product_keys.h"

int best_pair(const double *a, const double *b, int n) {
    int i = 0, j = 0;
    for (int k = 1; k < n; k++) {
        if (ranks_higher_in(a, k, i)) i = k;
        if (ranks_higher_in(b, k, j)) j = k;
    }
    return i * n + j;
}
