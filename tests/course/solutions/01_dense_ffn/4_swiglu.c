#include "chapters/01_dense_ffn/dense_ffn.h"

void swiglu(double *after, const double *halves, int F) {
    for (int f = 0; f < F; f++) after[f] = halves[f] * sigmoid(halves[f]) * halves[F + f];
}

// swish'(g) = s + g s (1 - s) with s = sigmoid(g)
void swiglu_backward(double *dhalves, const double *dafter, const double *halves, int F) {
    for (int f = 0; f < F; f++) {
        double g = halves[f], u = halves[F + f], s = sigmoid(g);
        dhalves[f] = dafter[f] * u * (s + g * s * (1.0 - s));
        dhalves[F + f] = dafter[f] * g * s;
    }
}
