// Exercise 2: two linear layers are one. Given a [in,middle] and b [middle,out], write the one
// matrix ab [in,out] with which linear(y, x, ab) is linear(y, h, b) of linear(h, x, a), for every
// x.
// A hint: row i of ab is what comes out when x is 1 at i and 0 elsewhere. Check with: make
// exercise-01-2
#include "chapters/01_dense_ffn/dense_ffn.h"
#include <stddef.h>

void merge(double *ab, const double *a, const double *b, int in, int middle, int out) {
    (void)a, (void)b, (void)middle;
    for (size_t i = 0; i < (size_t)in * out; i++) ab[i] = 0.0;
}
