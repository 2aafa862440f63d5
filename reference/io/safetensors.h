#ifndef REFERENCE_IO_SAFETENSORS_H
#define REFERENCE_IO_SAFETENSORS_H
#include "reference/io/error.h"
#include "reference/io/files.h"
#include <stddef.h>
#include <stdint.h>

// safetensors: 8 bytes little-endian header length, a JSON header, then the tensors' bytes,
// row-major, little-endian. https://github.com/huggingface/safetensors#format

typedef enum { DTYPE_F32, DTYPE_F64, DTYPE_I32, DTYPE_I64, DTYPE_U16, DTYPE_U8, DTYPE_COUNT } Dtype;

size_t dtype_size(Dtype dtype);
const char *dtype_name(Dtype dtype); // "F32"

enum { SAFETENSORS_RANK = 8 };

typedef struct {
    const char *name;
    Dtype dtype;
    int rank;
    int64_t shape[SAFETENSORS_RANK];
    size_t count; // elements: the product of shape, 1 for rank 0
    // reading: inside the mapped file, aligned only to the element's size if the writer did so
    const void *data;
} SafeTensor;

typedef struct {
    const char *key, *value;
} Metadata;

// A file open for reading. Everything in it was checked against the file's size; names and values
// are owned by it.
typedef struct {
    MappedFile file;
    SafeTensor *tensors; // in the order of their data
    int count;
    Metadata *metadata;
    int metadata_count;
    char *path;
    void *header; // the parsed JSON that owns the strings
} Safetensors;

// Integrity: the metadata of files written here hold `xxh3.NAME`, the XXH3-64 sum (16 hex digits)
// of each tensor's bytes, and `xxh3.header`, that of the header itself without this one key, as
// JSON with sorted keys and no spaces. A file has all of them or none; they are checked on opening
// and left out of `metadata`, so what was read can be written again.

// Maps and checks the file: lengths that overflow, offsets outside, overlaps and gaps, duplicate
// names, unknown dtypes, deep nesting, and, where the metadata carries them, the XXH3 sums of each
// tensor and of the header.
bool safetensors_open(Safetensors *out, const char *path, Error *error);
void safetensors_close(Safetensors *file);

const SafeTensor *safetensors_find(const Safetensors *file, const char *name); // NULL: not there
const char *safetensors_metadata(const Safetensors *file, const char *key);    // NULL: not there

// Copies a tensor's elements as float or double, whatever its dtype. count must be the tensor's
// own.
void safetensor_to_floats(float *out, const SafeTensor *tensor);
void safetensor_to_doubles(double *out, const SafeTensor *tensor);
// integer dtypes only; I64 beyond int32 saturates
void safetensor_to_ints(int32_t *out, const SafeTensor *tensor);

// Writes a whole file, or nothing (see OutputFile). The XXH3 sums are added to the metadata. The
// data lie in the order of the tensors, but larger elements first: so each tensor is aligned to its
// element in a mapped file.
bool safetensors_write(const char *path, const SafeTensor *tensors, int count,
                       const Metadata *metadata, int metadata_count, Error *error);
#endif
