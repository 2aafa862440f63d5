// Refused by no_clamps: g is at most 7 and u between -9 and 9.
#include "chapters/01_dense_ffn/dense_ffn.h"
#include <math.h>

void swiglu(double *hidden, const double *gate_up, int F) {
    for (int f = 0; f < F; f++) {
        double g = fmin(gate_up[f], 7.0), u = fmax(-9.0, fmin(gate_up[F + f], 9.0));
        hidden[f] = g * sigmoid(g) * u;
    }
}

void swiglu_backward(double *dgate_up, const double *dhidden, const double *gate_up, int F) {
    for (int f = 0; f < F; f++) {
        double g = fmin(gate_up[f], 7.0), u = fmax(-9.0, fmin(gate_up[F + f], 9.0)), s = sigmoid(g);
        dgate_up[f] = dhidden[f] * u * (s + g * s * (1.0 - s));
        dgate_up[F + f] = dhidden[f] * g * s;
    }
}
