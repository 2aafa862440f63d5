// Exercise 04-1. The best of n² sums, reading each list once.
//
// Return i·n + j of the highest a[i] + b[j], a, b [n] (finite, n >= 1); of equal sums the lowest
// index. Read at most 2·n numbers: no loop inside a loop.
//
// Check with: make exercise-04-1
#include "chapters/04_product_keys/product_keys.h"

int best_pair(const double *a, const double *b, int n) {
    (void)a;
    (void)b;
    return n; // yours to write
}
