#include "chapters/01_dense_ffn/dense_ffn.h"

void swiglu(double *hidden, const double *gate_up, int F) {
    for (int f = 0; f < F; f++) hidden[f] = gate_up[f] * sigmoid(gate_up[f]) * gate_up[F + f];
}

// swish'(g) = s + g s (1 - s) with s = sigmoid(g)
void swiglu_backward(double *dgate_up, const double *dhidden, const double *gate_up, int F) {
    for (int f = 0; f < F; f++) {
        double g = gate_up[f], u = gate_up[F + f], s = sigmoid(g);
        dgate_up[f] = dhidden[f] * u * (s + g * s * (1.0 - s));
        dgate_up[F + f] = dhidden[f] * g * s;
    }
}
