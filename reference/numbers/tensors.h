#ifndef REFERENCE_NUMBERS_TENSORS_H
#define REFERENCE_NUMBERS_TENSORS_H
#include "reference/io/safetensors.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How a tensor's first values are drawn: flax's initialisers, as the sgatlin authors use them.
typedef enum {
    INIT_ZERO,
    INIT_ONE,
    INIT_NORMAL,    // normal, variance 1/fan_in, not cut
    INIT_LECUN,     // normal cut at 2 sd, rescaled to variance 1/fan_in
    INIT_TRUNCATED, // standard normal cut at ±2, not rescaled (variance 0.774); no fan-in
} Init;

enum { TENSOR_NAME = 64, TENSOR_RANK = 4 };

typedef struct {
    char name[TENSOR_NAME];
    int rank, shape[TENSOR_RANK];
    size_t offset, count; // in floats, inside any block of the table's layout
    Init init;
    int fan_in;
    bool decay; // weight decay applies
} Tensor;

// The one table of a model's parameters. Parameters, gradients and both AdamW moments are blocks of
// `floats` floats in this layout, so that saving, comparing, clipping and updating are each one
// loop over the table.
typedef struct {
    Tensor *items;
    int count, capacity;
    size_t floats;
} Tensors;

// Appends a tensor, named prefix + name: at most TENSOR_NAME - 1 bytes. Where memory is out or
// sizes overflow, floats is SIZE_MAX from then on, and nothing more is added.
void tensors_add(Tensors *tensors, const char *prefix, const char *name, Init init, int fan_in,
                 bool decay, int rank, const int *shape);
void tensors_free(Tensors *tensors);
const Tensor *tensors_find(const Tensors *tensors, const char *name); // NULL: not there

// Draws every tensor, keyed by (seed, name, element). Same seed, same numbers, for any number of
// threads.
void tensors_init(const Tensors *tensors, float *block, uint64_t seed);

// Between a block and a safetensors file. Loading refuses missing and extra tensors, wrong shapes
// and dtypes by name; values that are not finite too. The block is written only when all is well.
bool tensors_load(const Tensors *tensors, float *block, const Safetensors *file, Error *error);
// Fills `out` [tensors->count] with views of the block, for safetensors_write. A prefix may stand
// before each name.
void tensors_view(const Tensors *tensors, const float *block, SafeTensor *out);
#endif
