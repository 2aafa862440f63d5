#include "reference/check/layer_numbers.h"
#include "reference/check/checked_layer.h"
#include <stdlib.h>
#include <string.h>

void force_gating(void *context, int layer, Gating *gating) {
    (void)layer;
    ForcedGating *forced = context;
    forced->calls++;
    if (gating->N != forced->N || gating->C != forced->C || gating->K != forced->K ||
        (gating->start == NULL) != (forced->start == NULL)) {
        forced->shape_mismatch = true;
        return;
    }
    if (forced->start != NULL)
        memcpy(gating->start, forced->start, ((size_t)forced->N + 1) * sizeof *forced->start);
    size_t entries = gating_entries(gating);
    memcpy(gating->score, forced->score, entries * sizeof *forced->score);
    memcpy(gating->index, forced->index, entries * sizeof *forced->index);
}

// Space for the router's scores and for as many entries of a gating as there may be.
static bool take_gating(LayerNumbers *out) {
    const Config *config = &out->config;
    size_t N = (size_t)out->N, scores = (size_t)ffn_of(config)->scores(config), entries;
    if (config->ffn->ragged) {
        entries = N * (size_t)config->E;
        out->start = calloc(N + 1, sizeof *out->start);
        if (out->start == NULL) return false;
    } else {
        entries = N * config->C * config->K;
    }
    out->scores = calloc(N * scores + entries, sizeof *out->scores);
    out->index = calloc(entries, sizeof *out->index);
    if (out->scores == NULL || out->index == NULL) return false;
    out->score = out->scores + N * scores;
    return true;
}

size_t layer_numbers_entries(const LayerNumbers *numbers) {
    if (numbers->start != NULL) return (size_t)numbers->start[numbers->N];
    return (size_t)numbers->N * numbers->config.C * numbers->config.K;
}

bool layer_numbers_new(LayerNumbers *out, const Config *config, int B, int T, Error *error) {
    *out = (LayerNumbers){ .config = *config, .B = B, .T = T, .N = B * T };
    const Ffn *ffn = ffn_of(config);
    if (config->ffn->valid != NULL && !config->ffn->valid(config, error)) return false;
    ffn->declare(&out->tensors, config, "");
    if (out->tensors.floats == SIZE_MAX)
        return fail(error, "layer %s: its tensors cannot be declared", config->ffn->name);
    size_t rows = (size_t)out->N * (size_t)config->D;
    out->parameters = calloc(2 * out->tensors.floats + 4 * rows, sizeof *out->parameters);
    bool taken = out->parameters != NULL;
    if (taken && config->ffn->sparse) taken = take_gating(out);
    if (!taken) {
        layer_numbers_free(out);
        return fail(error, "layer %s: no memory for %d tokens", config->ffn->name, B * T);
    }
    out->gradients = out->parameters + out->tensors.floats;
    out->x = out->gradients + out->tensors.floats;
    out->dy = out->x + rows;
    out->y = out->dy + rows;
    out->dx = out->y + rows;
    return true;
}

void layer_numbers_free(LayerNumbers *numbers) {
    free(numbers->parameters);
    free(numbers->scores);
    free(numbers->index);
    free(numbers->start);
    tensors_free(&numbers->tensors);
    *numbers = (LayerNumbers){ 0 };
}

static void widen(double *out, const float *in, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = in[i];
}

static void narrow(float *out, const double *in, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = (float)in[i];
}

void layer_numbers_from(LayerNumbers *out, const FfnLayer *layer) {
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    widen(out->parameters, layer->parameters, layer->tensors.floats);
    widen(out->x, layer->x, rows);
    widen(out->dy, layer->dy, rows);
}

static void layer_results(LayerNumbers *out, const FfnLayer *layer) {
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    widen(out->y, layer->y, rows);
    widen(out->dx, layer->dx, rows);
    widen(out->gradients, layer->gradients, layer->tensors.floats);
    Gating gating = ffn_layer_gating(layer);
    if (gating.N == 0) return;
    if (gating.start != NULL)
        memcpy(out->start, gating.start, ((size_t)gating.N + 1) * sizeof *out->start);
    widen(out->score, gating.score, gating_entries(&gating));
    memcpy(out->index, gating.index, gating_entries(&gating) * sizeof *out->index);
}

static bool run_given(FfnLayer *layer, const LayerNumbers *numbers, Error *error) {
    size_t entries = layer_numbers_entries(numbers);
    Gating shape = ffn_gating(&numbers->config, NULL, numbers->N);
    float *score = malloc((entries + 1) * sizeof *score);
    if (score == NULL) return fail(error, "no memory for a gating of %zu entries", entries);
    narrow(score, numbers->score, entries);
    ForcedGating forced = { .score = score,
                            .index = numbers->index,
                            .start = numbers->start,
                            .N = numbers->N,
                            .C = shape.C,
                            .K = shape.K };
    bool ok =
        checked_forward(layer, force_gating, &forced, error) && checked_backward(layer, error);
    if (ok && (forced.calls != 1 || forced.shape_mismatch))
        ok = fail(error, "the hook was called %d times instead of once%s", forced.calls,
                  forced.shape_mismatch ? ", with another shape than [N,C,K]" : "");
    free(score);
    return ok;
}

bool reference_layer_run(LayerNumbers *numbers, Error *error) {
    FfnLayer layer;
    if (!checked_layer_new(&layer, &numbers->config, numbers->B, numbers->T, error)) return false;
    size_t rows = (size_t)layer.N * (size_t)layer.config.D;
    narrow(layer.parameters, numbers->parameters, layer.tensors.floats);
    narrow(layer.x, numbers->x, rows);
    narrow(layer.dy, numbers->dy, rows);
    bool ok = numbers->given
                  ? run_given(&layer, numbers, error)
                  : checked_forward(&layer, NULL, NULL, error) && checked_backward(&layer, error);
    if (ok) layer_results(numbers, &layer);
    ffn_layer_free(&layer);
    return ok;
}
