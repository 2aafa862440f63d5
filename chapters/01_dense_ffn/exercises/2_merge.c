// Exercise 01-2. Two linear layers are one.
//
// Given a [in,middle] and b [middle,out], write the one matrix ab [in,out] for which, with every x,
// linear(y, x, ab) has the same result as linear(h, x, a) followed by linear(y, h, b).
// A hint: row i of ab is the output for an x that is 1 at i and 0 elsewhere.
//
// Check with: make exercise-01-2
#include "chapters/01_dense_ffn/dense_ffn.h"
#include <stddef.h>

void merge(double *ab, const double *a, const double *b, int in, int middle, int out) {
    (void)a, (void)b, (void)middle;
    for (size_t i = 0; i < (size_t)in * out; i++) ab[i] = 0.0;
}
