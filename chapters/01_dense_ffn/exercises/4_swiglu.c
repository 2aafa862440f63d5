// Exercise 4: the gate that most models of today have, SwiGLU (Shazeer 2020, equation 5), backward
// included. Of halves
// [2F], g [F] then u [F], it makes after [F] = swish(g)·u with swish(g) = g·sigmoid(g); no cuts, no + 1.
// Backward: dhalves [2F] is written, from dafter [F] and the same halves. Check with: make
// exercise-01-4
#include "chapters/01_dense_ffn/dense_ffn.h"

void swiglu(double *after, const double *halves, int F) {
    for (int f = 0; f < F; f++) after[f] = halves[f];
}

void swiglu_backward(double *dhalves, const double *dafter, const double *halves, int F) {
    (void)halves;
    for (int f = 0; f < F; f++) dhalves[f] = dhalves[F + f] = dafter[f];
}
