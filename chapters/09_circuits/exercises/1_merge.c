// Exercise 09-1. The cosine of two sparse vectors, by merging.
//
// neighbours.c writes one gating into a dense vector of F numbers. With both lists sorted by index
// there is a way that needs no F at all, whatever it is: walk along both at once, as in merge sort,
// and multiply where the indices meet. At most a_count + b_count steps.
//
// score [count] at index [count], in ascending order, no index twice; scores may be negative. The
// cosine is a·b / (|a| |b|), and 0 if either vector is zero or empty.
//
// Check with: make exercise-09-1
#include <math.h>

double merged_cosine(const double *a_score, const int *a_index, int a_count, const double *b_score,
                     const int *b_index, int b_count) {
    (void)a_score, (void)a_index, (void)a_count, (void)b_score, (void)b_index, (void)b_count;
    return NAN; // yours to write
}
