#include "reference/numbers/tensors.h"
#include "reference/numbers/random.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Grows the table by one row; false: out of memory.
static bool reserve(Tensors *tensors) {
    if (tensors->count < tensors->capacity) return true;
    int room = tensors->capacity ? 2 * tensors->capacity : 64;
    Tensor *at = realloc(tensors->items, (size_t)room * sizeof *at);
    if (at == NULL) return false;
    tensors->items = at;
    tensors->capacity = room;
    return true;
}

void tensors_add(Tensors *tensors, const char *prefix, const char *name, Init init, int fan_in,
                 bool decay, int rank, const int *shape) {
    if (tensors->floats == SIZE_MAX) return;
    size_t count = 1, floats;
    bool overflow = false;
    for (int i = 0; i < rank; i++)
        overflow |= __builtin_mul_overflow(count, (size_t)shape[i], &count);
    // every tensor begins on a cache line
    overflow |= __builtin_add_overflow(tensors->floats, (count + 15) / 16 * 16, &floats) ||
                floats > SIZE_MAX / 64;
    if (overflow || !reserve(tensors)) {
        tensors->floats = SIZE_MAX;
        return;
    }
    Tensor *tensor = &tensors->items[tensors->count++];
    *tensor = (Tensor){ .rank = rank,
                        .offset = tensors->floats,
                        .count = count,
                        .init = init,
                        .fan_in = fan_in,
                        .decay = decay };
    int length = snprintf(tensor->name, sizeof tensor->name, "%s%s", prefix, name);
    assert(length < TENSOR_NAME);
    memcpy(tensor->shape, shape, (size_t)rank * sizeof *shape);
    tensors->floats = floats;
}

void tensors_free(Tensors *tensors) {
    free(tensors->items);
    *tensors = (Tensors){ 0 };
}

const Tensor *tensors_find(const Tensors *tensors, const char *name) {
    for (int i = 0; i < tensors->count; i++) {
        if (strcmp(tensors->items[i].name, name) == 0) return &tensors->items[i];
    }
    return NULL;
}

// A normal cut at 2 sd has 0.87962566 of the sd it was cut from; flax divides by that.
static double draw(const Tensor *tensor, uint64_t key, size_t i) {
    switch (tensor->init) {
    case INIT_ZERO: return 0.0;
    case INIT_ONE: return 1.0;
    case INIT_NORMAL: return random_normal(key, i) / sqrt(tensor->fan_in);
    case INIT_LECUN:
        return random_truncated_normal(key, i) / 0.87962566103423978 / sqrt(tensor->fan_in);
    default: return random_truncated_normal(key, i);
    }
}

void tensors_init(const Tensors *tensors, float *block, uint64_t seed) {
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        uint64_t key = random_key(seed, tensor->name);
#pragma omp parallel for
        for (size_t j = 0; j < tensor->count; j++)
            block[tensor->offset + j] = (float)draw(tensor, key, j);
    }
}

static void print_shape(char *out, size_t size, int rank, const int64_t *shape) {
    size_t used = (size_t)snprintf(out, size, "[");
    for (int i = 0; i < rank && used < size; i++) {
        used +=
            (size_t)snprintf(out + used, size - used, "%s%lld", i ? "," : "", (long long)shape[i]);
    }
    if (used < size) snprintf(out + used, size - used, "]");
}

static bool check_shape(const Tensor *want, const SafeTensor *found, const char *path,
                        Error *error) {
    bool same = found->rank == want->rank;
    int64_t shape[TENSOR_RANK];
    for (int i = 0; i < want->rank; i++) {
        shape[i] = want->shape[i];
        same = same && found->shape[i] == shape[i];
    }
    if (same) return true;
    char text_found[128], text_want[128];
    print_shape(text_found, sizeof text_found, found->rank, found->shape);
    print_shape(text_want, sizeof text_want, want->rank, shape);
    return fail(
        error,
        "%s: tensor %s is %s, this configuration wants %s: the file belongs to another model", path,
        want->name, text_found, text_want);
}

// All is as the table says and every value is finite; nothing is written yet.
static bool check_file(const Tensors *tensors, const Safetensors *file, Error *error) {
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *want = &tensors->items[i];
        const SafeTensor *found = safetensors_find(file, want->name);
        if (found == NULL) {
            return fail(error,
                        "%s: tensor %s is missing: the file is damaged or belongs to another model",
                        file->path, want->name);
        }
        if (!check_shape(want, found, file->path, error)) return false;
        if (found->dtype != DTYPE_F32) {
            return fail(error, "%s: tensor %s is %s, wanted F32: convert it first", file->path,
                        want->name, dtype_name(found->dtype));
        }
    }
    for (int i = 0; i < file->count; i++) {
        if (tensors_find(tensors, file->tensors[i].name) == NULL) {
            return fail(
                error,
                "%s: tensor %s is none of this configuration's: the file belongs to another model",
                file->path, file->tensors[i].name);
        }
    }
    return true;
}

static bool finite_floats(const SafeTensor *tensor) {
    const unsigned char *bytes = tensor->data;
    for (size_t i = 0; i < tensor->count; i++) {
        uint32_t bits;
        memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
        if ((bits & 0x7f800000u) == 0x7f800000u) return false;
    }
    return true;
}

bool tensors_load(const Tensors *tensors, float *block, const Safetensors *file, Error *error) {
    if (!check_file(tensors, file, error)) return false;
    for (int i = 0; i < file->count; i++) {
        if (!finite_floats(&file->tensors[i])) {
            return fail(
                error, "%s: tensor %s holds a value that is not finite: take an earlier checkpoint",
                file->path, file->tensors[i].name);
        }
    }
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        safetensor_to_floats(block + tensor->offset, safetensors_find(file, tensor->name));
    }
    return true;
}

void tensors_view(const Tensors *tensors, const float *block, SafeTensor *out) {
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        out[i] = (SafeTensor){ .name = tensor->name,
                               .dtype = DTYPE_F32,
                               .rank = tensor->rank,
                               .count = tensor->count,
                               .data = block + tensor->offset };
        for (int j = 0; j < tensor->rank; j++) out[i].shape[j] = tensor->shape[j];
    }
}
