#include "tests/harness/layer.h"
#include "reference/circuits/patch.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "tests/harness/compare.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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
    const Ffn *ffn = ffn_of(config);
    if (config->ffn->valid != NULL && !config->ffn->valid(config, error)) return false;
    ffn->declare(&out->tensors, config, "");
    if (out->tensors.floats == SIZE_MAX)
        return fail(error, "layer %s: its tensors cannot be declared", config->ffn->name);
    size_t rows = (size_t)out->N * (size_t)config->D;
    out->saved_floats = ffn->saved(config, out->N);
    out->scratch_floats = ffn->scratch(config, out->N, parallel_threads());
    out->parameters = floats_new(out->tensors.floats);
    out->gradients = floats_new(out->tensors.floats);
    out->x = floats_new(4 * rows);
    out->saved = floats_new(out->saved_floats + FENCE);
    out->scratch = floats_new(out->scratch_floats + FENCE);
    if (!out->parameters || !out->gradients || !out->x || !out->saved || !out->scratch) {
        layer_free(out);
        return fail(error, "layer %s: no memory for %d tokens", config->ffn->name, B * T);
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
    floats_free(layer->saved, layer->saved_floats + FENCE);
    floats_free(layer->scratch, layer->scratch_floats + FENCE);
    tensors_free(&layer->tensors);
    *layer = (Layer){ 0 };
}

void layer_randomize(Layer *layer, uint64_t seed) {
    for (int i = 0; i < layer->tensors.count; i++) {
        const Tensor *tensor = &layer->tensors.items[i];
        double deviation = tensor->fan_in > 0 ? 1.0 / sqrt(tensor->fan_in) : 0.5;
        fill_normal(layer->parameters + tensor->offset, tensor->count,
                    random_key(seed, tensor->name), deviation);
    }
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    fill_normal(layer->x, rows, random_key(seed, "x"), 1.0);
    fill_normal(layer->dy, rows, random_key(seed, "dy"), 1.0);
}

static FfnCall call_of(Layer *layer) {
    return (FfnCall){ .config = &layer->config,
                      .tensors = layer->tensors.items,
                      .parameters = layer->parameters,
                      .gradients = layer->gradients,
                      .B = layer->B,
                      .T = layer->T,
                      .tokens = layer->tokens,
                      .loss = &layer->loss,
                      .x = layer->x,
                      .y = layer->y,
                      .dy = layer->dy,
                      .dx = layer->dx,
                      .saved = layer->saved,
                      .scratch = layer->scratch,
                      .layer = 3,
                      .hooks = &layer->hooks };
}

static bool fences_stand(const Layer *layer, const char *when, Error *error) {
    const float *behind_saved = layer->saved + layer->saved_floats,
                *behind = layer->scratch + layer->scratch_floats;
    for (int i = 0; i < FENCE; i++) {
        if (behind_saved[i] != fence)
            return fail(error, "%s wrote behind saved, at float %d", when, i);
        if (behind[i] != fence) return fail(error, "%s wrote behind scratch, at float %d", when, i);
    }
    return true;
}

static bool all_written(const float *at, size_t count, const char *what, Error *error) {
    for (size_t i = 0; i < count; i++) {
        if (!finite_bits(at[i]))
            return fail(error, "%s[%zu] was left unwritten or is not finite", what, i);
    }
    return true;
}

bool layer_forward(Layer *layer, Error *error) {
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    fill(layer->y, rows, NAN);
    fill(layer->saved, layer->saved_floats, NAN);
    fill(layer->scratch, layer->scratch_floats, NAN);
    fill(layer->saved + layer->saved_floats, FENCE, fence);
    fill(layer->scratch + layer->scratch_floats, FENCE, fence);
    layer->loss = 0.0;
    FfnCall call = call_of(layer);
    ffn_of(&layer->config)->forward(&call);
    return fences_stand(layer, "forward", error) && all_written(layer->y, rows, "y", error);
}

bool layer_backward(Layer *layer, Error *error) {
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    fill(layer->dx, rows, NAN);
    fill(layer->gradients, layer->tensors.floats, NAN);
    fill(layer->scratch, layer->scratch_floats, NAN); // scratch is only for the time of one call
    FfnCall call = call_of(layer);
    ffn_of(&layer->config)->backward(&call);
    bool ok = fences_stand(layer, "backward", error) && all_written(layer->dx, rows, "dx", error);
    for (int i = 0; ok && i < layer->tensors.count; i++) {
        const Tensor *tensor = &layer->tensors.items[i];
        ok = all_written(layer->gradients + tensor->offset, tensor->count, tensor->name, error);
    }
    return ok;
}

void layer_after_step(Layer *layer) {
    FfnCall call = call_of(layer);
    if (ffn_of(&layer->config)->after_step != NULL)
        ffn_of(&layer->config)->after_step(&call, layer->parameters);
}

Gating layer_gating(const Layer *layer) {
    return ffn_gating(&layer->config, layer->saved, layer->N);
}

// Memory for the router's scores, and for as many entries of the gating as there may be.
static bool take_gating(LayerNumbers *out) {
    const Config *config = &out->config;
    Gating shape = ffn_gating(config, NULL, out->N);
    size_t N = (size_t)out->N, scores = N * (size_t)shape.keys,
           entries = config->ffn->ragged ? scores : N * config->C * config->K;
    if (config->ffn->ragged) {
        out->start = calloc(N + 1, sizeof *out->start);
        if (out->start == NULL) return false;
    }
    out->scores = calloc(scores + entries, sizeof *out->scores);
    out->index = calloc(entries, sizeof *out->index);
    if (out->scores == NULL || out->index == NULL) return false;
    out->score = out->scores + scores;
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

void layer_numbers_from(LayerNumbers *out, const Layer *layer) {
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    widen(out->parameters, layer->parameters, layer->tensors.floats);
    widen(out->x, layer->x, rows);
    widen(out->dy, layer->dy, rows);
}

static void layer_results(LayerNumbers *out, const Layer *layer) {
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    widen(out->y, layer->y, rows);
    widen(out->dx, layer->dx, rows);
    widen(out->gradients, layer->gradients, layer->tensors.floats);
    Gating gating = layer_gating(layer);
    if (gating.N == 0) return;
    if (gating.start != NULL)
        memcpy(out->start, gating.start, ((size_t)gating.N + 1) * sizeof *out->start);
    widen(out->score, gating.score, gating_entries(&gating));
    memcpy(out->index, gating.index, gating_entries(&gating) * sizeof *out->index);
}

static bool run_given(Layer *layer, const LayerNumbers *numbers, Error *error) {
    size_t entries = layer_numbers_entries(numbers);
    float *score = malloc((entries + 1) * sizeof *score);
    if (score == NULL) return fail(error, "no memory for a gating of %zu entries", entries);
    narrow(score, numbers->score, entries);
    ForcedGating forced = { .gating = ffn_gating(&numbers->config, NULL, numbers->N) };
    forced.gating.score = score;
    forced.gating.index = numbers->index;
    forced.gating.start = numbers->start;
    hooks_add(&layer->hooks, gating_force_hook, &forced);
    bool ok = layer_forward(layer, error) && layer_backward(layer, error);
    if (ok && (forced.calls != 1 || forced.mismatches != 0))
        ok = fail(error, "the hook was called %d times, %d of them with other sizes; expected 1, 0",
                  forced.calls, forced.mismatches);
    free(score);
    return ok;
}

bool reference_layer_run(LayerNumbers *numbers, Error *error) {
    Layer layer;
    if (!layer_new(&layer, &numbers->config, numbers->B, numbers->T, error)) return false;
    size_t rows = (size_t)layer.N * (size_t)layer.config.D;
    narrow(layer.parameters, numbers->parameters, layer.tensors.floats);
    narrow(layer.x, numbers->x, rows);
    narrow(layer.dy, numbers->dy, rows);
    Gating shape = ffn_gating(&layer.config, NULL, layer.N);
    size_t scores = (size_t)layer.N * (size_t)shape.keys;
    float *key_scores = malloc((scores + 1) * sizeof *key_scores);
    if (key_scores == NULL) {
        layer_free(&layer);
        return fail(error, "no memory for %zu scores", scores);
    }
    fill(key_scores, scores, NAN);
    layer.hooks.key_scores = key_scores;
    bool ok = numbers->given ? run_given(&layer, numbers, error)
                             : layer_forward(&layer, error) && layer_backward(&layer, error);
    if (ok) layer_results(numbers, &layer);
    if (ok && scores > 0) widen(numbers->scores, key_scores, scores);
    free(key_scores);
    layer_free(&layer);
    return ok;
}

// A moe's: who chooses, and over which tokens.
static const struct {
    const char *name;
    Routing routing;
    Pool pool;
} choices[] = {
    { "token", ROUTING_TOKEN, POOL_STEP },
    { "expert", ROUTING_EXPERT, POOL_STEP },
    { "unified step", ROUTING_UNIFIED, POOL_STEP },
    { "unified sequence", ROUTING_UNIFIED, POOL_SEQUENCE },
};
enum { CHOICES = sizeof choices / sizeof choices[0] };

bool layer_variant(int i, Config *out, char name[VARIANT_NAME]) {
    static const char *const routers[] = { "product_dense", "product_key_value", "dense",
                                           "key_value" };
    static const char *const activations[] = { "identity", "relu", "gelu", "swish" };
    for (int kind = 0; ffn_kinds[kind]; kind++) {
        const FfnKind *ffn = ffn_kinds[kind];
        bool routed = kind_uses(ffn, "router"), active = kind_uses(ffn, "activation");
        int count = ffn->ragged ? CHOICES : (routed ? ROUTERS : 1) * (active ? ACTIVATIONS : 1);
        if (i >= count) {
            i -= count;
            continue;
        }
        *out = config_default(ffn);
        if (active) out->activation = (Activation)(i % ACTIVATIONS);
        if (routed) out->router = (Router)(active ? i / ACTIVATIONS : i);
        if (ffn->ragged) out->routing = choices[i].routing, out->pool = choices[i].pool;
        if (name) {
            snprintf(name, VARIANT_NAME, "%s %s %s", ffn->name,
                     ffn->ragged ? choices[i].name
                     : routed    ? routers[out->router]
                                 : "",
                     active ? activations[out->activation] : "");
        }
        return true;
    }
    return false;
}

int layer_variants(void) {
    Config config;
    int count = 0;
    while (layer_variant(count, &config, NULL)) count++;
    return count;
}
