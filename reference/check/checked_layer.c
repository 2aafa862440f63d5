#include "reference/check/checked_layer.h"
#include "reference/check/compare.h"
#include <math.h>

enum { GUARD_FLOATS = 64 };
static const float GUARD = -12345.678f;

static void fill(float *out, size_t count, float value) {
    for (size_t i = 0; i < count; i++) out[i] = value;
}

bool checked_layer_new(FfnLayer *out, const Config *config, int B, int T, Error *error) {
    return ffn_layer_new(out, config, B, T, GUARD_FLOATS, error);
}

// NaN in all of a block but the guard after it.
static void spoil(float *block, size_t floats, size_t guard_floats) {
    fill(block, floats, NAN);
    fill(block + floats, guard_floats, GUARD);
}

static bool guard_is_whole(const float *guard, size_t count, const char *call, const char *block,
                           Error *error) {
    for (size_t i = 0; i < count; i++) {
        if (guard[i] != GUARD)
            return fail(error, "%s wrote past the end of %s, at float %zu", call, block, i);
    }
    return true;
}

static bool guards_are_whole(const FfnLayer *layer, const char *call, Error *error) {
    size_t count = layer->guard_floats;
    return guard_is_whole(layer->saved + layer->saved_floats, count, call, "saved", error) &&
           guard_is_whole(layer->scratch + layer->scratch_floats, count, call, "scratch", error);
}

static bool all_finite(const float *values, size_t count, const char *name, Error *error) {
    for (size_t i = 0; i < count; i++) {
        if (!finite_bits(values[i]))
            return fail(error, "%s[%zu] was not written or is not finite", name, i);
    }
    return true;
}

bool checked_forward(FfnLayer *layer, const HookList *hooks, Error *error) {
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    fill(layer->y, rows, NAN);
    spoil(layer->saved, layer->saved_floats, layer->guard_floats);
    spoil(layer->scratch, layer->scratch_floats, layer->guard_floats);
    ffn_layer_forward(layer, hooks);
    return guards_are_whole(layer, "forward", error) && all_finite(layer->y, rows, "y", error);
}

bool checked_backward(FfnLayer *layer, Error *error) {
    size_t rows = (size_t)layer->N * (size_t)layer->config.D;
    fill(layer->dx, rows, NAN);
    fill(layer->gradients, layer->tensors.floats, NAN);
    spoil(layer->scratch, layer->scratch_floats, layer->guard_floats);
    ffn_layer_backward(layer);
    bool ok =
        guards_are_whole(layer, "backward", error) && all_finite(layer->dx, rows, "dx", error);
    for (int i = 0; ok && i < layer->tensors.count; i++) {
        const Tensor *tensor = &layer->tensors.items[i];
        ok = all_finite(layer->gradients + tensor->offset, tensor->count, tensor->name, error);
    }
    return ok;
}
