#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/10_patching/logit_terms.h"

enum { MOST_D = 256 };

// A logit's terms with another direction, as far as the neuron.
int input_terms(LogitTerm *out, const LanguageModel *m, int l, int slot, int t) {
    const ModelSizes *s = &m->sizes;
    const LayerWeights *w = &m->w.layers[l];
    size_t neuron = (size_t)(slot / s->K) * s->F + m->layers[l].ffn[t].sgatlin.index[slot];
    const double *in = w->ffn.sgatlin.in + neuron * s->D;
    double direction[MOST_D];
    double r = one_over_rms(m->layers[l].residual_mid + (size_t)t * s->D, s->D);
    for (int d = 0; d < s->D; d++) direction[d] = r * w->ffn_norm[d] * in[d];
    logit_terms(out, m, t, direction);
    return 1 + (l + 1) * (s->D / s->Dh) + l * s->C * s->K;
}
