#include "chapters/10_patching/logit_terms.h"
#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/10_patching/dot.h"
#include <math.h>
#include <stdlib.h>

// [direction
void token_direction(double *direction, const LanguageModel *m, int t, int token) {
    int D = m->sizes.D;
    const double *embedding = m->w.embedding + (size_t)token * D;
    double r = one_over_rms(m->residual + (size_t)t * D, D);
    for (int d = 0; d < D; d++) direction[d] = r * m->w.output_norm[d] * embedding[d];
}
// direction]

static int neurons_of(const ModelSizes *s) {
    return s->ffn == FEED_FORWARD_SGATLIN ? s->C * s->K : s->F;
}

int logit_terms_count(const ModelSizes *s) { return 1 + s->L * (s->D / s->Dh + neurons_of(s)); }

// context [Dh] · rows h·Dh .. of `output` [H·Dh,D] · direction
static double head_value(const LanguageModel *m, int l, int h, int t, const double *direction) {
    int D = m->sizes.D, Dh = m->sizes.Dh;
    const double *context = m->layers[l].attention.context + (size_t)t * D + h * Dh;
    const double *output = m->w.layers[l].attention.output + (size_t)h * Dh * D;
    double sum = 0.0;
    for (int i = 0; i < Dh; i++) sum += context[i] * dot(output + (size_t)i * D, direction, D);
    return sum;
}

// [neuron
static LogitTerm neuron_term(const LanguageModel *m, int l, int slot, int t,
                             const double *direction) {
    const ModelSizes *s = &m->sizes;
    const SgatlinToken *token = &m->layers[l].ffn[t].sgatlin;
    int channel = slot / s->K, index = token->index[slot];
    const double *out = m->w.layers[l].ffn.sgatlin.out + ((size_t)channel * s->F + index) * s->D;
    double weight = sgatlin_activate(s->activation, token->score[slot] * token->z[slot]);
    return (LogitTerm){ PART_NEURON, l, channel, index, weight * dot(out, direction, s->D) };
}
// neuron]

static LogitTerm hidden_term(const LanguageModel *m, int l, int f, int t, const double *direction) {
    const double *down = m->w.layers[l].ffn.mlp.down + (size_t)f * m->sizes.D;
    double hidden = m->layers[l].ffn[t].mlp.hidden[f];
    return (LogitTerm){ PART_NEURON, l, 0, f, hidden * dot(down, direction, m->sizes.D) };
}

// [terms
void logit_terms(LogitTerm *out, const LanguageModel *m, int t, const double *direction) {
    const ModelSizes *s = &m->sizes;
    const double *embedded = m->layers[0].residual + (size_t)t * s->D;
    *out++ = (LogitTerm){ PART_EMBEDDING, .value = dot(embedded, direction, s->D) };
    for (int l = 0; l < s->L; l++) {
        for (int h = 0; h < s->D / s->Dh; h++)
            *out++ = (LogitTerm){ PART_HEAD, l, 0, h, head_value(m, l, h, t, direction) };
        for (int i = 0; i < neurons_of(s); i++) {
            *out++ = s->ffn == FEED_FORWARD_SGATLIN ? neuron_term(m, l, i, t, direction)
                                                    : hidden_term(m, l, i, t, direction);
        }
    }
}
// terms]

double sum_of_terms(const LogitTerm *terms, int count) {
    double sum = 0.0;
    for (int i = 0; i < count; i++) sum += terms[i].value;
    return sum;
}

static int compare_terms(const void *a, const void *b) {
    const LogitTerm *x = a, *y = b;
    double p = fabs(x->value), q = fabs(y->value);
    if (p != q) return p > q ? -1 : 1;
    if (x->layer != y->layer) return x->layer - y->layer;
    if (x->part != y->part) return (int)x->part - (int)y->part;
    return x->channel != y->channel ? x->channel - y->channel : x->index - y->index;
}

void sort_terms(LogitTerm *terms, int count) {
    qsort(terms, (size_t)count, sizeof *terms, compare_terms);
}
