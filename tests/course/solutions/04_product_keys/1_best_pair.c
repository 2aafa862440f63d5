#include "chapters/04_product_keys/product_keys.h"

int best_pair(const double *a, const double *b, int n) {
    int i = 0, j = 0;
    for (int at = 1; at < n; at++) {
        if (ranks_higher_in(a, at, i)) i = at;
        if (ranks_higher_in(b, at, j)) j = at;
    }
    return i * n + j;
}
