#include "chapters/10_patching/patch.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/10_patching/dot.h"
#include <assert.h>
#include <string.h>

// The gating of one channel: [K] each. With `value`, the entries' scores are not used.
typedef struct {
    const double *score, *value;
    const int *index;
} ChannelGating;

// The place of neuron f in a channel's gating; -1: it was not chosen.
static int slot_of(const ChannelGating *gating, int f, int K) {
    for (int k = 0; k < K; k++)
        if (gating->index[k] == f) return k;
    return -1;
}

// y [D] += act(score · (in·x)) · out of neuron `gating->index[k]` of channel c, or value · out.
static void add_neuron(double *y, const ChannelGating *gating, int k, int c, const double *x,
                       const SgatlinWeights *w, const Sgatlin *s) {
    size_t neuron = ((size_t)c * s->F + gating->index[k]) * s->D;
    double weight =
        gating->value
            ? gating->value[k]
            : sgatlin_activate(s->activation, gating->score[k] * dot(w->in + neuron, x, s->D));
    for (int d = 0; d < s->D; d++) y[d] += weight * w->out[neuron + d];
}

// y [D] += one channel: the chosen neurons with their own entries or, where `take` [F] is set, with
// the source's, then those that only the source chose. Nothing taken, or everything from an equal
// gating: the same sum in the same order as chapter 06's.
// [channel
static void add_channel(double *y, const ChannelGating *own, const ChannelGating *source,
                        const bool *take, int c, const double *x, const SgatlinWeights *w,
                        const Sgatlin *s) {
    for (int k = 0; k < s->K; k++) {
        int f = own->index[k], slot = slot_of(source, f, s->K);
        if (!take[f])
            add_neuron(y, own, k, c, x, w, s);
        else if (slot >= 0)
            add_neuron(y, source, slot, c, x, w, s);
    }
    for (int k = 0; k < s->K; k++) {
        int f = source->index[k];
        if (take[f] && slot_of(own, f, s->K) < 0) add_neuron(y, source, k, c, x, w, s);
    }
}
// channel]

static void patch_gating(double *y, const Patch *patch, const LanguageModel *m, int l) {
    const LayerSaved *saved = &m->layers[l];
    const SgatlinToken *token = &saved->ffn[patch->position].sgatlin;
    const double *x = saved->normed_mid + (size_t)patch->position * m->sizes.D;
    const Snapshot *source = patch->source;
    Sgatlin s = sgatlin_of(&m->sizes);
    for (int d = 0; d < s.D; d++) y[d] = 0.0;
    for (int c = 0; c < s.C; c++) {
        size_t channel = (size_t)l * s.C + c, first = channel * s.K;
        ChannelGating own = { token->score + c * s.K, NULL, token->index + c * s.K };
        ChannelGating other = { source->score + first, patch->values ? source->value + first : NULL,
                                source->index + first };
        add_channel(y, &own, &other, patch->neurons + channel * s.F, c, x,
                    &m->w.layers[l].ffn.sgatlin, &s);
    }
}

static void patch_hidden(double *y, const Patch *patch, const LanguageModel *m, int l) {
    int F = m->sizes.F;
    double *hidden = m->layers[l].ffn[patch->position].mlp.hidden;
    for (int f = 0; f < F; f++) {
        size_t i = (size_t)l * F + f;
        if (patch->neurons[i]) hidden[f] = patch->source->hidden[i];
    }
    linear(y, hidden, m->w.layers[l].ffn.mlp.down, F, m->sizes.D);
}

static void patch_heads(double *y, const Patch *patch, const LanguageModel *m, int l) {
    int D = m->sizes.D, Dh = m->sizes.Dh, H = D / Dh;
    double *context = m->layers[l].attention.context + (size_t)patch->position * D;
    for (int h = 0; h < H; h++) {
        if (patch->heads[l * H + h])
            memcpy(context + h * Dh, patch->source->context + (size_t)l * D + h * Dh,
                   (size_t)Dh * sizeof *context);
    }
    linear(y, context, m->w.layers[l].attention.output, D, D);
}

// [hook
static void apply(void *context, double *sublayer_out, const LanguageModel *m, int l,
                  Sublayer sublayer, int T) {
    const Patch *patch = context;
    double *y = sublayer_out + (size_t)patch->position * m->sizes.D; // one row of [T,D]
    assert(patch->position < T);
    if (sublayer == SUBLAYER_ATTENTION) {
        if (patch->heads) patch_heads(y, patch, m, l);
    } else if (patch->neurons) {
        if (m->sizes.ffn == FEED_FORWARD_SGATLIN) patch_gating(y, patch, m, l);
        if (m->sizes.ffn == FEED_FORWARD_MLP) patch_hidden(y, patch, m, l);
    }
}

void patched_forward(LanguageModel *m, const int *inputs, int T, const Patch *patch) {
    Patch copy = *patch;
    m->hook = (SublayerHook){ apply, &copy };
    language_model_forward(m, inputs, T);
    m->hook = (SublayerHook){ 0 };
}
// hook]

// ---- which neurons

static int channels(const ModelSizes *s) { return s->ffn == FEED_FORWARD_SGATLIN ? s->C : 1; }

int mask_size(const ModelSizes *s) { return s->L * channels(s) * s->F; }

void mask_channel(bool *neurons, int layer, int channel, const ModelSizes *s) {
    size_t first = ((size_t)layer * channels(s) + channel) * s->F;
    for (int f = 0; f < s->F; f++) neurons[first + f] = true;
}

void mask_layer(bool *neurons, int layer, const ModelSizes *s) {
    for (int c = 0; c < channels(s); c++) mask_channel(neurons, layer, c, s);
}

void mask_chosen(bool *neurons, int layer, const Snapshot *gating, const ModelSizes *s) {
    for (int i = layer * s->C * s->K; i < (layer + 1) * s->C * s->K; i++)
        neurons[(size_t)(i / s->K) * s->F + gating->index[i]] = true;
}
