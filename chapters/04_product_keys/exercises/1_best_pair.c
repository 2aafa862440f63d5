// Exercise 04-1. The best of n² sums, by looking at each list once.
//
// Returns i·n + j of the highest a[i] + b[j], of a, b [n] (finite numbers, n >= 1); of equal sums
// the lowest. No more than 2·n looks at a number: no loop inside a loop.
#include "chapters/04_product_keys/product_keys.h"

int best_pair(const double *a, const double *b, int n) {
    (void)a;
    (void)b;
    return n; // yours to write
}
