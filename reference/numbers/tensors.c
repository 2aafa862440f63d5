#include "reference/numbers/tensors.h"
#include "reference/numbers/array.h"
#include "reference/numbers/random.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Makes space for one more row; false: out of memory.
static bool reserve(Tensors *tensors) {
    size_t count = (size_t)tensors->count + 1;
    Tensor *items = array_grow(tensors->items, &tensors->capacity, count, sizeof *items);
    if (items != NULL) tensors->items = items;
    return items != NULL;
}

void tensors_add(Tensors *tensors, const char *prefix, const char *name, Init init, int fan_in,
                 bool decay, int rank, const int *shape) {
    if (tensors->floats == SIZE_MAX) return;
    size_t count = 1, floats;
    bool overflow = false;
    for (int i = 0; i < rank; i++)
        overflow |= __builtin_mul_overflow(count, (size_t)shape[i], &count);
    // Every tensor begins on a cache line.
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

// A standard normal truncated at ±2 has standard deviation 0.87962566; flax divides by that.
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

static bool check_shape(const Tensor *expected, const SafeTensor *found, const char *path,
                        Error *error) {
    bool same = found->rank == expected->rank;
    int64_t shape[TENSOR_RANK];
    for (int i = 0; i < expected->rank; i++) {
        shape[i] = expected->shape[i];
        same = same && found->shape[i] == shape[i];
    }
    if (same) return true;
    char found_text[128], expected_text[128];
    print_shape(found_text, sizeof found_text, found->rank, found->shape);
    print_shape(expected_text, sizeof expected_text, expected->rank, shape);
    return fail(error, "%s: tensor %s is %s, expected %s: the file belongs to another model", path,
                expected->name, found_text, expected_text);
}

// The file has the table's tensors and no others, with the same shapes, in F32.
static bool check_file(const Tensors *tensors, const Safetensors *file, Error *error) {
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *expected = &tensors->items[i];
        const SafeTensor *found = safetensors_find(file, expected->name);
        if (found == NULL) {
            return fail(error,
                        "%s: tensor %s is missing: the file is damaged or belongs to another model",
                        file->path, expected->name);
        }
        if (!check_shape(expected, found, file->path, error)) return false;
        if (found->dtype != DTYPE_F32) {
            return fail(error, "%s: tensor %s is %s, expected F32: convert it first", file->path,
                        expected->name, dtype_name(found->dtype));
        }
    }
    for (int i = 0; i < file->count; i++) {
        if (tensors_find(tensors, file->tensors[i].name) == NULL) {
            return fail(error, "%s: unexpected tensor %s: the file belongs to another model",
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
            return fail(error,
                        "%s: tensor %s has a value that is not finite: use an earlier checkpoint",
                        file->path, file->tensors[i].name);
        }
    }
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        safetensor_to_floats(block + tensor->offset, safetensors_find(file, tensor->name));
    }
    return true;
}

bool tensors_equal_file(const Tensors *tensors, const float *block, const Safetensors *file,
                        Error *error) {
    if (!check_file(tensors, file, error)) return false;
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        const SafeTensor *found = safetensors_find(file, tensor->name);
        if (memcmp(found->data, block + tensor->offset, tensor->count * sizeof *block) != 0)
            return fail(error, "%s: tensor %s has other values", file->path, tensor->name);
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
