// Exercise 4: the gate that most models of today have, SwiGLU (Shazeer 2020, equation 5), backward
// included. Of gate_up
// [2F], g [F] then u [F], it makes after [F] = swish(g)·u with swish(g) = g·sigmoid(g); no cuts, no + 1.
// Backward: dgate_up [2F] is written, from dhidden [F] and the same gate_up. Check with: make
// exercise-01-4
#include "chapters/01_dense_ffn/dense_ffn.h"

void swiglu(double *after, const double *gate_up, int F) {
    for (int f = 0; f < F; f++) after[f] = gate_up[f];
}

void swiglu_backward(double *dgate_up, const double *dhidden, const double *gate_up, int F) {
    (void)gate_up;
    for (int f = 0; f < F; f++) dgate_up[f] = dgate_up[F + f] = dhidden[f];
}
