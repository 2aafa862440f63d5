#include "chapters/07_language_model/language_model.h"
#include "chapters/07_language_model/rmsnorm.h"
#include <math.h>

double logit_without(const LanguageModel *m, int slot, int t, int token) {
    const ModelSizes *s = &m->sizes;
    const SgatlinToken *saved = &m->layers[s->L - 1].ffn[t].sgatlin;
    size_t neuron = (size_t)(slot / s->K) * s->F + saved->index[slot];
    const double *out = m->w.layers[s->L - 1].ffn.sgatlin.out + neuron * s->D;
    const double *residual = m->residual + (size_t)t * s->D;
    const double *embedding = m->w.embedding + (size_t)token * s->D;
    double value = saved->score[slot] * saved->z[slot], sum = 0.0, squares = 0.0;
    for (int d = 0; d < s->D; d++) {
        double rest = residual[d] - value * out[d];
        squares += rest * rest;
        sum += rest * m->w.output_norm[d] * embedding[d];
    }
    return sum / sqrt(squares / s->D + 1e-6);
}
