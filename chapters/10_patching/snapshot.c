#include "chapters/10_patching/snapshot.h"
#include <stdlib.h>
#include <string.h>

// Numbers of one layer.
static size_t entries_of(const ModelSizes *s) {
    return s->ffn == FEED_FORWARD_SGATLIN ? (size_t)s->C * s->K : 0;
}
static size_t hidden_of(const ModelSizes *s) {
    return s->ffn == FEED_FORWARD_MLP ? (size_t)s->F : 0;
}
static size_t doubles_of(const ModelSizes *s) {
    return 2 * entries_of(s) + hidden_of(s) + (size_t)s->D;
}

bool snapshot_new(Snapshot *out, const ModelSizes *sizes) {
    size_t L = (size_t)sizes->L, entries = entries_of(sizes);
    *out = (Snapshot){ .doubles = calloc(L * doubles_of(sizes), sizeof *out->doubles),
                       .index = calloc(L * entries + 1, sizeof *out->index) };
    if (out->doubles == NULL || out->index == NULL) {
        snapshot_free(out);
        return false;
    }
    out->score = out->doubles;
    out->value = out->score + L * entries;
    out->hidden = out->value + L * entries;
    out->context = out->hidden + L * hidden_of(sizes);
    return true;
}

void snapshot_free(Snapshot *s) {
    free(s->doubles);
    free(s->index);
    *s = (Snapshot){ 0 };
}

void snapshot_take(const Snapshot *out, const LanguageModel *m, int t) {
    const ModelSizes *s = &m->sizes;
    size_t D = (size_t)s->D, entries = entries_of(s), hidden = hidden_of(s);
    for (size_t l = 0; l < (size_t)s->L; l++) {
        const FeedForwardToken *token = &m->layers[l].ffn[t];
        memcpy(out->context + l * D, m->layers[l].attention.context + (size_t)t * D,
               D * sizeof *out->context);
        if (hidden > 0)
            memcpy(out->hidden + l * hidden, token->mlp.hidden, hidden * sizeof *out->hidden);
        if (entries == 0) continue;
        TokenGating gating = token_gating(token, s);
        memcpy(out->score + l * entries, gating.score, entries * sizeof *out->score);
        memcpy(out->index + l * entries, gating.index, entries * sizeof *out->index);
        for (size_t i = 0; i < entries; i++) {
            out->value[l * entries + i] =
                sgatlin_activate(s->activation, gating.score[i] * token->sgatlin.z[i]);
        }
    }
}

void snapshot_copy(const Snapshot *out, const Snapshot *from, const ModelSizes *s) {
    size_t L = (size_t)s->L;
    memcpy(out->doubles, from->doubles, L * doubles_of(s) * sizeof *out->doubles);
    memcpy(out->index, from->index, L * entries_of(s) * sizeof *out->index);
}

void snapshot_silence(const Snapshot *s, const ModelSizes *sizes) {
    for (size_t i = 0; i < (size_t)sizes->L * doubles_of(sizes); i++) s->doubles[i] = 0.0;
}
