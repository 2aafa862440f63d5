#include "chapters/07_language_model/embedding.h"
#include <stddef.h>

void embed(double *h, const double *embedding, int token, int D) {
    for (int d = 0; d < D; d++) h[d] = embedding[(size_t)token * D + d];
}

void embed_backward(double *dembedding, const double *dh, int token, int D) {
    for (int d = 0; d < D; d++) dembedding[(size_t)token * D + d] += dh[d];
}

void unembed(double *logits, const double *x, const double *embedding, int V, int D) {
    for (int v = 0; v < V; v++) {
        logits[v] = 0.0;
        for (int d = 0; d < D; d++) logits[v] += x[d] * embedding[(size_t)v * D + d];
    }
}

void unembed_backward(double *dx, double *dembedding, const double *dlogits, const double *x,
                      const double *embedding, int V, int D) {
    for (int d = 0; d < D; d++) dx[d] = 0.0;
    for (int v = 0; v < V; v++) {
        for (int d = 0; d < D; d++) {
            dx[d] += dlogits[v] * embedding[(size_t)v * D + d];
            dembedding[(size_t)v * D + d] += dlogits[v] * x[d];
        }
    }
}
