#include "reference/circuits/patch.h"
#include <stdlib.h>
#include <string.h>

bool gating_patch_new(GatingPatch *out, const PatchPlace *place, const GatingRecord *source,
                      Error *error) {
    int layers = place->layer_count > 0 ? place->layer_count : 1,
        channels = place->channel_count > 0 ? place->channel_count : 1,
        count = (place->last - place->first + 1) * layers * channels;
    GatingEdit *edits = malloc((size_t)count * sizeof *edits);
    *out = (GatingPatch){ edits, count };
    if (edits == NULL) return fail(error, "out of memory for %d edits", count);
    for (int i = 0; i < count; i++) {
        int layer = i % layers, channel = i / layers % channels;
        edits[i] =
            (GatingEdit){ .layer = place->layer_count > 0 ? place->layers[layer] : ALL,
                          .position = place->first + i / layers / channels,
                          .channel = place->channel_count > 0 ? place->channels[channel] : ALL,
                          .source = source,
                          .source_position = ALL,
                          .scale = 1.0f };
    }
    return true;
}

void gating_patch_free(GatingPatch *patch) {
    free((GatingEdit *)patch->edits);
    *patch = (GatingPatch){ NULL, 0 };
}

static bool out_of_range(int value, int count) {
    return value != ALL && (value < 0 || value >= count);
}

static bool edit_valid(const GatingEdit *edit, int i, const GatingRecord *sizes, Error *error) {
    if (out_of_range(edit->layer, sizes->L))
        return fail(error, "edit %d: layer %d; the model has layers 0 to %d", i, edit->layer,
                    sizes->L - 1);
    if (out_of_range(edit->channel, sizes->C))
        return fail(error, "edit %d: channel %d; the model has channels 0 to %d", i, edit->channel,
                    sizes->C - 1);
    if (edit->position < ALL)
        return fail(error, "edit %d: position %d; expected 0 or more, or %d for all", i,
                    edit->position, ALL);
    if (edit->single && (edit->index < 0 || edit->index >= sizes->F))
        return fail(error, "edit %d: neuron %d; the model has neurons 0 to %d", i, edit->index,
                    sizes->F - 1);
    const GatingRecord *source = edit->source;
    if (source == NULL) return true;
    if (source->L != sizes->L || source->C != sizes->C || source->K != sizes->K ||
        source->F != sizes->F || source->ragged != sizes->ragged) {
        return fail(error,
                    "edit %d: the source has L=%d C=%d K=%d F=%d, the model L=%d C=%d K=%d F=%d; "
                    "record it with the same model",
                    i, source->L, source->C, source->K, source->F, sizes->L, sizes->C, sizes->K,
                    sizes->F);
    }
    int from = edit->source_position - source->first;
    if (edit->source_position != ALL && (from < 0 || from >= source->T))
        return fail(error, "edit %d: source position %d; the source has positions %d to %d", i,
                    edit->source_position, source->first, source->first + source->T - 1);
    return true;
}

bool gating_patch_valid(const GatingPatch *patch, const Config *config, Error *error) {
    GatingRecord sizes;
    if (!gating_record_sizes(&sizes, config, 0, error)) return false;
    for (int i = 0; i < patch->count; i++) {
        if (!edit_valid(&patch->edits[i], i, &sizes, error)) return false;
    }
    return true;
}

// Replaces the entries of token t by the source's from `entry` on, as many as there is space for.
static void replace_ragged(Gating *gating, int t, const GatingRecord *source, size_t entry) {
    int begin = gating->start[t], end = gating->start[t + 1], total = gating->start[gating->N];
    int space = (int)gating->capacity - (total - (end - begin)), count = 0;
    while (count < source->K && count < space && source->index[entry + (size_t)count] != NO_EXPERT)
        count++;
    size_t tail = (size_t)(total - end);
    memmove(gating->index + begin + count, gating->index + end, tail * sizeof *gating->index);
    memmove(gating->score + begin + count, gating->score + end, tail * sizeof *gating->score);
    memcpy(gating->index + begin, source->index + entry, (size_t)count * sizeof *gating->index);
    memcpy(gating->score + begin, source->score + entry, (size_t)count * sizeof *gating->score);
    for (int later = t + 1; later <= gating->N; later++)
        gating->start[later] += count - (end - begin);
}

// Replaces the entries `first` to first+K-1.
static void replace_entries(Gating *gating, size_t first, const GatingRecord *source,
                            size_t entry) {
    for (size_t k = 0; k < (size_t)source->K; k++) {
        bool chosen = source->index[entry + k] != NO_EXPERT;
        if (chosen) gating->index[first + k] = source->index[entry + k];
        gating->score[first + k] = chosen ? source->score[entry + k] : gating->silent;
    }
}

static void scale_entries(Gating *gating, size_t begin, size_t end, const GatingEdit *edit) {
    for (size_t i = begin; i < end; i++) {
        if (edit->single && gating->index[i] != edit->index) continue;
        bool silent = edit->scale == 0.0f || gating->score[i] == gating->silent;
        gating->score[i] = silent ? gating->silent : edit->scale * gating->score[i];
    }
}

// The edit of one channel of token t, which has this position.
static void edit_channel(Gating *gating, const GatingEdit *edit, int layer, int t, int position,
                         int channel) {
    const GatingRecord *source = edit->source;
    size_t begin = ((size_t)t * (size_t)gating->C + (size_t)channel) * (size_t)gating->K;
    size_t end = begin + (size_t)gating->K;
    if (source != NULL) {
        int from =
            (edit->source_position == ALL ? position : edit->source_position) - source->first;
        if (from < 0 || from >= source->T) return;
        size_t entry = gating_record_entry(source, from, layer, channel);
        if (gating->start != NULL) {
            replace_ragged(gating, t, source, entry);
        } else {
            replace_entries(gating, begin, source, entry);
        }
    }
    if (gating->start != NULL) {
        begin = (size_t)gating->start[t];
        end = (size_t)gating->start[t + 1];
    }
    if (edit->scale != 1.0f) scale_entries(gating, begin, end, edit);
}

static void edit_token(Gating *gating, const GatingEdit *edit, int layer, int t, int position) {
    if (edit->position != ALL && edit->position != position) return;
    for (int channel = 0; channel < gating->C; channel++) {
        if (edit->channel == ALL || edit->channel == channel)
            edit_channel(gating, edit, layer, t, position, channel);
    }
}

// The edits of the tokens first .. end-1.
static void edit_tokens(const GatingPatch *patch, const GatingEvent *event, int first, int end) {
    for (int i = 0; i < patch->count; i++) {
        const GatingEdit *edit = &patch->edits[i];
        if (edit->layer != ALL && edit->layer != event->layer) continue;
        for (int t = first; t < end; t++)
            edit_token(event->gating, edit, event->layer, t, event->position + t % event->T);
    }
}

void gating_patch_hook(void *patch, const GatingEvent *event) {
    edit_tokens(patch, event, 0, event->gating->N);
}

void gating_patch_rows_hook(void *context, const GatingEvent *event) {
    const GatingPatch *patches = context;
    for (int first = 0; first < event->gating->N; first += event->T)
        edit_tokens(&patches[first / event->T], event, first, first + event->T);
}

void gating_force_hook(void *context, const GatingEvent *event) {
    ForcedGating *forced = context;
    const Gating *from = &forced->gating;
    Gating *to = event->gating;
    forced->calls++;
    if (from->N != to->N || from->C != to->C || from->K != to->K ||
        (from->start == NULL) != (to->start == NULL)) {
        forced->mismatches++;
        return;
    }
    if (from->start != NULL)
        memcpy(to->start, from->start, ((size_t)from->N + 1) * sizeof *from->start);
    size_t entries = gating_entries(from);
    memcpy(to->score, from->score, entries * sizeof *from->score);
    memcpy(to->index, from->index, entries * sizeof *from->index);
}
