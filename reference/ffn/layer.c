#include "reference/ffn/layer.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include <math.h>

static size_t rows_floats(const FfnLayer *layer) {
    return (size_t)layer->N * (size_t)layer->config.D;
}

static bool take_memory(FfnLayer *out) {
    const Ffn *ffn = ffn_of(&out->config);
    size_t rows = rows_floats(out);
    out->saved_floats = ffn->saved(&out->config, out->N);
    out->scratch_floats = ffn->scratch(&out->config, out->N, parallel_threads());
    out->parameters = floats_new(out->tensors.floats);
    out->gradients = floats_new(out->tensors.floats);
    out->x = floats_new(4 * rows);
    out->saved = floats_new(out->saved_floats + out->guard_floats);
    out->scratch = floats_new(out->scratch_floats + out->guard_floats);
    if (!out->parameters || !out->gradients || !out->x || !out->saved || !out->scratch)
        return false;
    out->y = out->x + rows;
    out->dy = out->y + rows;
    out->dx = out->dy + rows;
    return true;
}

bool ffn_layer_new(FfnLayer *out, const Config *config, int B, int T, size_t guard_floats,
                   Error *error) {
    const FfnKind *kind = config->ffn;
    *out =
        (FfnLayer){ .config = *config, .B = B, .T = T, .N = B * T, .guard_floats = guard_floats };
    if (kind->valid != NULL && !kind->valid(config, error)) return false;
    ffn_of(config)->declare(&out->tensors, config, "");
    if (out->tensors.floats != SIZE_MAX && take_memory(out)) return true;
    ffn_layer_free(out);
    return fail(error, "layer %s: out of memory for %d x %d tokens; a smaller B or F needs less",
                kind->name, B, T);
}

void ffn_layer_free(FfnLayer *layer) {
    floats_free(layer->parameters, layer->tensors.floats);
    floats_free(layer->gradients, layer->tensors.floats);
    floats_free(layer->x, 4 * rows_floats(layer));
    floats_free(layer->saved, layer->saved_floats + layer->guard_floats);
    floats_free(layer->scratch, layer->scratch_floats + layer->guard_floats);
    tensors_free(&layer->tensors);
    *layer = (FfnLayer){ 0 };
}

void ffn_layer_randomize(FfnLayer *layer, uint64_t seed) {
    for (int i = 0; i < layer->tensors.count; i++) {
        const Tensor *tensor = &layer->tensors.items[i];
        double deviation = tensor->fan_in > 0 ? 1.0 / sqrt(tensor->fan_in) : 0.5;
        random_fill_normal(layer->parameters + tensor->offset, tensor->count,
                           random_key(seed, tensor->name), deviation);
    }
    random_fill_normal(layer->x, rows_floats(layer), random_key(seed, "x"), 1.0);
    random_fill_normal(layer->dy, rows_floats(layer), random_key(seed, "dy"), 1.0);
}

static FfnCall call_of(FfnLayer *layer) {
    return (FfnCall){ .config = &layer->config,
                      .tensors = layer->tensors.items,
                      .parameters = layer->parameters,
                      .gradients = layer->gradients,
                      .B = layer->B,
                      .T = layer->T,
                      .tokens = layer->tokens,
                      .x = layer->x,
                      .y = layer->y,
                      .dy = layer->dy,
                      .dx = layer->dx,
                      .loss = &layer->loss,
                      .saved = layer->saved,
                      .scratch = layer->scratch };
}

void ffn_layer_forward(FfnLayer *layer, const HookList *hooks) {
    FfnCall call = call_of(layer);
    call.hooks = hooks;
    layer->loss = 0.0;
    ffn_of(&layer->config)->forward(&call);
}

void ffn_layer_backward(FfnLayer *layer) {
    FfnCall call = call_of(layer);
    ffn_of(&layer->config)->backward(&call);
}

void ffn_layer_after_step(FfnLayer *layer) {
    FfnCall call = call_of(layer);
    const Ffn *ffn = ffn_of(&layer->config);
    if (ffn->after_step != NULL) ffn->after_step(&call, layer->parameters);
}

Gating ffn_layer_gating(const FfnLayer *layer) {
    return ffn_gating(&layer->config, layer->saved, layer->N);
}
