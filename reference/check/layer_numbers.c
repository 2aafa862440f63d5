#include "reference/check/layer_numbers.h"
#include "reference/check/checked_layer.h"
#include "reference/circuits/patch.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Space for the router's scores and for as many entries of a gating as there may be.
static bool take_gating(LayerNumbers *out) {
    const Config *config = &out->config;
    size_t N = (size_t)out->N, keys = (size_t)ffn_gating(config, NULL, 1).keys, entries;
    if (config->ffn->ragged) {
        entries = N * (size_t)config->E;
        out->start = calloc(N + 1, sizeof *out->start);
        if (out->start == NULL) return false;
    } else {
        entries = N * config->C * config->K;
    }
    out->scores = calloc(N * keys + entries, sizeof *out->scores);
    out->index = calloc(entries, sizeof *out->index);
    if (out->scores == NULL || out->index == NULL) return false;
    out->score = out->scores + N * keys;
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

static bool run(FfnLayer *layer, const HookList *hooks, Error *error) {
    return checked_forward(layer, hooks, error) && checked_backward(layer, error);
}

static bool run_given(FfnLayer *layer, HookList *hooks, const LayerNumbers *numbers, Error *error) {
    size_t entries = layer_numbers_entries(numbers);
    float *score = malloc((entries + 1) * sizeof *score);
    if (score == NULL) return fail(error, "no memory for a gating of %zu entries", entries);
    narrow(score, numbers->score, entries);
    ForcedGating forced = { .gating = ffn_gating(&numbers->config, NULL, numbers->N) };
    forced.gating.score = score;
    forced.gating.index = numbers->index;
    forced.gating.start = numbers->start;
    hooks_add(hooks, gating_force_hook, &forced);
    bool ok = run(layer, hooks, error);
    if (ok && (forced.calls != 1 || forced.mismatches != 0))
        ok = fail(error, "the hook was called %d times, %d of them with other sizes; expected 1, 0",
                  forced.calls, forced.mismatches);
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
    size_t scores = (size_t)layer.N * (size_t)ffn_gating(&layer.config, NULL, 1).keys;
    HookList hooks = { .key_scores = malloc((scores + 1) * sizeof *hooks.key_scores) };
    bool ok = hooks.key_scores != NULL || fail(error, "no memory for %zu scores", scores);
    for (size_t i = 0; ok && i < scores; i++) hooks.key_scores[i] = NAN; // all must be written
    ok = ok &&
         (numbers->given ? run_given(&layer, &hooks, numbers, error) : run(&layer, &hooks, error));
    if (ok) layer_results(numbers, &layer);
    if (ok && scores > 0) widen(numbers->scores, hooks.key_scores, scores);
    free(hooks.key_scores);
    ffn_layer_free(&layer);
    return ok;
}
