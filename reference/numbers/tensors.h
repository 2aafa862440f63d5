#ifndef REFERENCE_NUMBERS_TENSORS_H
#define REFERENCE_NUMBERS_TENSORS_H
#include "reference/io/safetensors.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How a tensor is initialised: flax's initialisers, as the sgatlin paper's code uses them.
typedef enum {
    INIT_ZERO,
    INIT_ONE,
    INIT_NORMAL,    // normal with variance 1/fan_in
    INIT_LECUN,     // normal truncated at 2 standard deviations, rescaled to variance 1/fan_in
    INIT_TRUNCATED, // standard normal truncated at ±2, not rescaled (variance 0.774); no fan-in
} Init;

enum { TENSOR_NAME = 64, TENSOR_RANK = 4 };

typedef struct {
    char name[TENSOR_NAME];
    int rank, shape[TENSOR_RANK];
    size_t offset, count; // in floats, in any block with the table's layout
    Init init;
    int fan_in;
    bool decay; // whether weight decay applies
} Tensor;

// The table of a model's parameters. Parameters, gradients and both moments of AdamW are blocks of
// `floats` floats with this layout, so saving, comparing, clipping and updating are each one loop
// over the table.
typedef struct {
    Tensor *items;
    int count;
    size_t capacity; // of items
    size_t floats;
} Tensors;

// Appends a tensor named prefix + name (at most TENSOR_NAME - 1 bytes) with shape [rank]. Out of
// memory, or if sizes overflow, floats becomes SIZE_MAX and nothing more is added.
void tensors_add(Tensors *tensors, const char *prefix, const char *name, Init init, int fan_in,
                 bool decay, int rank, const int *shape);
void tensors_free(Tensors *tensors);
const Tensor *tensors_find(const Tensors *tensors, const char *name); // NULL: not found

// Initialises every tensor with random numbers keyed by (seed, name, element): the same for any
// number of threads.
void tensors_init(const Tensors *tensors, float *block, uint64_t seed);

// Fills the block from a file. A missing or unexpected tensor, another shape or dtype, or a value
// that is not finite is an error that names the tensor; then the block is unchanged.
bool tensors_load(const Tensors *tensors, float *block, const Safetensors *file, Error *error);
// Whether a file has the tensors of the block, bit for bit; the error names the first that it has
// not.
bool tensors_equal_file(const Tensors *tensors, const float *block, const Safetensors *file,
                        Error *error);
// Fills out [tensors->count] with views of the block, for safetensors_write.
void tensors_view(const Tensors *tensors, const float *block, SafeTensor *out);
#endif
