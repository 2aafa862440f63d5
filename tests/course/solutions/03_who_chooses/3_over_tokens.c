#include "chapters/02_mixture_of_experts/softmax.h"

void over_tokens(double *Q, double *scratch, const double *logits, int T, int E) {
    for (int e = 0; e < E; e++) {
        for (int t = 0; t < T; t++) scratch[t] = logits[t * E + e];
        softmax_row(scratch, scratch, T);
        for (int t = 0; t < T; t++) Q[t * E + e] = scratch[t];
    }
}

void over_tokens_backward(double *dlogits, double *scratch, const double *dQ, const double *Q,
                          int T, int E) {
    double *d = scratch, *q = scratch + T;
    for (int e = 0; e < E; e++) {
        for (int t = 0; t < T; t++) {
            d[t] = dQ[t * E + e];
            q[t] = Q[t * E + e];
        }
        softmax_row_backward(d, d, q, T);
        for (int t = 0; t < T; t++) dlogits[t * E + e] = d[t];
    }
}
