#include "tests/support/layer.h"
#include "reference/support/memory.h"
#include "reference/support/parallel.h"
#include "reference/support/random.h"
#include "tests/support/compare.h"
#include <math.h>
#include <string.h>

enum { FENCE = 64 };
static const float fence = -12345.678f;

static void fill(float *out, size_t count, float value) {
    for (size_t i = 0; i < count; i++) out[i] = value;
}

void fill_normal(float *out, size_t count, uint64_t key, double deviation) {
    for (size_t i = 0; i < count; i++) out[i] = (float)(deviation * random_normal(key, i));
}

bool layer_new(Layer *out, const Config *config, int B, int T, Error *error) {
    *out = (Layer){ .config = *config, .B = B, .T = T, .N = B * T };
    const Ffn *ffn = config->ffn;
    if (!ffn->valid(config, error)) return false;
    ffn->declare(&out->tensors, config, "");
    if (out->tensors.floats == SIZE_MAX) return fail(error, "layer %s: its tensors cannot be declared", ffn->name);
    size_t rows = (size_t)out->N * (size_t)config->D;
    out->kept_floats = ffn->kept(config, out->N);
    out->scratch_floats = ffn->scratch(config, out->N, parallel_threads());
    out->parameters = floats_new(out->tensors.floats);
    out->gradients = floats_new(out->tensors.floats);
    out->x = floats_new(4 * rows);
    out->kept = floats_new(out->kept_floats + FENCE);
    out->scratch = floats_new(out->scratch_floats + FENCE);
    if (!out->parameters || !out->gradients || !out->x || !out->kept || !out->scratch) {
        layer_free(out);
        return fail(error, "layer %s: no memory for %d tokens", ffn->name, B * T);
    }
    out->y = out->x + rows;
    out->dy = out->y + rows;
    out->dx = out->dy + rows;
    return true;
}

void layer_free(Layer *layer) {
    floats_free(layer->parameters, layer->tensors.floats);
    floats_free(layer->gradients, layer->tensors.floats);
    floats_free(layer->x, 4 * (size_t)layer->N * (size_t)layer->config.D);
    floats_free(layer->kept, layer->kept_floats + FENCE);
    floats_free(layer->scratch, layer->scratch_floats + FENCE);
    tensors_free(&layer->tensors);
    *layer = (Layer){ 0 };
}

void layer_randomize(Layer *layer, uint64_t seed) {
    for (int i = 0; i < layer->tensors.count; i++) {
        const Tensor *tensor = &layer->tensors.at[i];
        double deviation = tensor->fan_in > 0 ? 1.0 / sqrt(tensor->fan_in) : 0.5;
        fill_normal(layer->parameters + tensor->offset, tensor->count, random_key(seed, tensor->name), deviation);
    }
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    fill_normal(layer->x, rows, random_key(seed, "x"), 1.0);
    fill_normal(layer->dy, rows, random_key(seed, "dy"), 1.0);
}

static FfnCall call_of(Layer *layer) {
    return (FfnCall){ .config = &layer->config,
                      .tensors = layer->tensors.at,
                      .parameters = layer->parameters,
                      .gradients = layer->gradients,
                      .B = layer->B,
                      .T = layer->T,
                      .x = layer->x,
                      .y = layer->y,
                      .dy = layer->dy,
                      .dx = layer->dx,
                      .kept = layer->kept,
                      .scratch = layer->scratch,
                      .layer = 3,
                      .hook = layer->hook,
                      .hook_context = layer->hook_context };
}

static bool fences_stand(const Layer *layer, const char *when, Error *error) {
    const float *behind_kept = layer->kept + layer->kept_floats, *behind = layer->scratch + layer->scratch_floats;
    for (int i = 0; i < FENCE; i++) {
        if (behind_kept[i] != fence) return fail(error, "%s wrote behind kept, at float %d", when, i);
        if (behind[i] != fence) return fail(error, "%s wrote behind scratch, at float %d", when, i);
    }
    return true;
}

static bool all_written(const float *at, size_t count, const char *what, Error *error) {
    for (size_t i = 0; i < count; i++) {
        if (!finite_bits(at[i])) return fail(error, "%s[%zu] was left unwritten or is not finite", what, i);
    }
    return true;
}

bool layer_forward(Layer *layer, Error *error) {
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    fill(layer->y, rows, NAN);
    fill(layer->kept, layer->kept_floats, NAN);
    fill(layer->scratch, layer->scratch_floats, NAN);
    fill(layer->kept + layer->kept_floats, FENCE, fence);
    fill(layer->scratch + layer->scratch_floats, FENCE, fence);
    FfnCall call = call_of(layer);
    layer->config.ffn->forward(&call);
    return fences_stand(layer, "forward", error) && all_written(layer->y, rows, "y", error);
}

bool layer_backward(Layer *layer, Error *error) {
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    fill(layer->dx, rows, NAN);
    fill(layer->gradients, layer->tensors.floats, NAN);
    fill(layer->scratch, layer->scratch_floats, NAN); // scratch is only for the time of one call
    FfnCall call = call_of(layer);
    layer->config.ffn->backward(&call);
    bool ok = fences_stand(layer, "backward", error) && all_written(layer->dx, rows, "dx", error);
    for (int i = 0; ok && i < layer->tensors.count; i++) {
        const Tensor *tensor = &layer->tensors.at[i];
        ok = all_written(layer->gradients + tensor->offset, tensor->count, tensor->name, error);
    }
    return ok;
}

Gating layer_gating(const Layer *layer) {
    const Ffn *ffn = layer->config.ffn;
    return ffn->gating ? ffn->gating(&layer->config, layer->kept, layer->N) : (Gating){ 0 };
}

void layer_force_gating(void *context, int layer, Gating *gating) {
    (void)layer;
    ForcedGating *forced = context;
    if (forced->calls++ == 0) forced->shape_matches = true;
    if (gating->N != forced->N || gating->C != forced->C || gating->K != forced->K || gating->start != NULL) {
        forced->shape_matches = false;
        return;
    }
    size_t entries = gating_entries(gating);
    memcpy(gating->score, forced->score, entries * sizeof *forced->score);
    memcpy(gating->index, forced->index, entries * sizeof *forced->index);
}
