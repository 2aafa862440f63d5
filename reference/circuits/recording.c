#include "reference/circuits/recording.h"
#include <stdlib.h>
#include <string.h>

static size_t entry_count(const GatingRecord *record) {
    return gating_record_entry(record, record->T, 0, 0);
}

bool gating_record_sizes(GatingRecord *out, const Config *config, int T, Error *error) {
    *out = (GatingRecord){ .config = *config, .T = T, .L = config->L };
    if (!config->ffn->sparse)
        return fail(error, "a model with ffn=%s has no gatings to record", config->ffn->name);
    Gating shape = ffn_gating(config, NULL, 1);
    out->C = shape.C;
    out->K = config->ffn->ragged ? config->E : shape.K;
    out->F = shape.F;
    out->ragged = config->ffn->ragged;
    return true;
}

bool gating_record_new(GatingRecord *out, const Config *config, int T, Error *error) {
    if (!gating_record_sizes(out, config, T, error)) return false;
    size_t entries = entry_count(out);
    out->tokens = calloc((size_t)T, sizeof *out->tokens);
    out->index = malloc(entries * sizeof *out->index);
    out->score = calloc(entries, sizeof *out->score);
    if (out->tokens == NULL || out->index == NULL || out->score == NULL) {
        gating_record_free(out);
        return fail(error, "out of memory for the gatings of %d tokens", T);
    }
    for (size_t i = 0; i < entries; i++) out->index[i] = NO_EXPERT;
    return true;
}

void gating_record_free(GatingRecord *record) {
    free(record->tokens);
    free(record->index);
    free(record->score);
    *record = (GatingRecord){ .T = 0 };
}

// Copies token `from` of a gating, all channels, to position t.
static void record_token(GatingRecord *record, int t, int layer, const Gating *gating, int from) {
    size_t entry = gating_record_entry(record, t, layer, 0);
    size_t size = (size_t)record->C * (size_t)record->K, count = size, first = (size_t)from * size;
    if (gating->start != NULL) {
        first = (size_t)gating->start[from];
        count = (size_t)(gating->start[from + 1] - gating->start[from]);
    }
    for (size_t i = 0; i < size; i++) {
        bool chosen = i < count;
        record->index[entry + i] = chosen ? gating->index[first + i] : NO_EXPERT;
        record->score[entry + i] = chosen ? gating->score[first + i] : 0.0f;
    }
}

void gating_record_hook(void *context, const GatingEvent *event) {
    GatingRecord *record = context;
    int N = event->gating->N;
    for (int row = N - event->fresh; row < N; row++) {
        int t = event->position + row - record->first;
        if (t < 0 || t >= record->T) continue;
        if (event->tokens != NULL) record->tokens[t] = event->tokens[row];
        record_token(record, t, event->layer, event->gating, row);
    }
}
