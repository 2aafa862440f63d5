#include "chapters/06_sgatlin/sgatlin.h"

void write_matrix(double *W, const double *score, const int *index, const double *in,
                  const double *out, const Sgatlin *s) {
    int D = s->D;
    for (int i = 0; i < D * D; i++) W[i] = 0.0;
    for (int slot = 0; slot < s->C * s->K; slot++) {
        size_t neuron = ((size_t)(slot / s->K) * s->F + index[slot]) * D;
        for (int o = 0; o < D; o++) {
            for (int i = 0; i < D; i++)
                W[o * D + i] += score[slot] * out[neuron + o] * in[neuron + i];
        }
    }
}
