// Exercise 01-4. SwiGLU, forward and backward.
//
// SwiGLU (Shazeer 2020, equation 5) is the gate of most models today. From gate_up [2F], which is
// g [F] followed by u [F], it computes hidden [F] = swish(g)·u with swish(g) = g·sigmoid(g): no
// clamps, no + 1. Backward writes dgate_up [2F] from dhidden [F] and the same gate_up.
//
// Check with: make exercise-01-4
#include "chapters/01_dense_ffn/dense_ffn.h"

void swiglu(double *hidden, const double *gate_up, int F) {
    for (int f = 0; f < F; f++) hidden[f] = gate_up[f];
}

void swiglu_backward(double *dgate_up, const double *dhidden, const double *gate_up, int F) {
    (void)gate_up;
    for (int f = 0; f < F; f++) dgate_up[f] = dgate_up[F + f] = dhidden[f];
}
