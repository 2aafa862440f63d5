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
    size_t count;     // elements: the product of shape, 1 for rank 0
    const void *data; // when read: in the mapped file, and only as aligned as the writer made it
} SafeTensor;

typedef struct {
    const char *key, *value;
} Metadata;

// A file open for reading. Everything in it has been checked against the file's size; it owns the
// names and values.
typedef struct {
    MappedFile file;
    SafeTensor *tensors; // in the order of their data
    int count;
    Metadata *metadata;
    int metadata_count;
    char *path;
    void *header; // the parsed JSON that owns the strings
} Safetensors;

// Integrity: files written here have in their metadata `xxh3.NAME`, the XXH3-64 hash (16 hex
// digits) of each tensor's bytes, and `xxh3.header`, the hash of the header without this key, as
// JSON with sorted keys and no spaces. A file has all of them or none. They are checked on opening
// and left out of `metadata`, so that what was read can be written again.

// Maps and checks the file: overflowing lengths, offsets outside the file, overlaps and gaps,
// duplicate names, unknown dtypes, deep nesting and, where the metadata has them, the hashes of the
// tensors and of the header.
bool safetensors_open(Safetensors *out, const char *path, Error *error);
void safetensors_close(Safetensors *file);

const SafeTensor *safetensors_find(const Safetensors *file, const char *name); // NULL: not there
const char *safetensors_metadata(const Safetensors *file, const char *key);    // NULL: not there

// Copies all elements of a tensor, whatever its dtype: out [tensor->count].
void safetensor_to_floats(float *out, const SafeTensor *tensor);
void safetensor_to_doubles(double *out, const SafeTensor *tensor);
// Integer dtypes only; I64 values outside int32 saturate.
void safetensor_to_ints(int32_t *out, const SafeTensor *tensor);

// Writes the whole file or nothing (see OutputFile), with hashes added to the metadata. Data are in
// the order of the tensors, but with larger elements first, so that each tensor is aligned to its
// element in a mapped file.
bool safetensors_write(const char *path, const SafeTensor *tensors, int count,
                       const Metadata *metadata, int metadata_count, Error *error);

// The same for tensors that do not fit into memory: their elements come in pieces, in order within
// a tensor.
typedef struct SafetensorsWriter SafetensorsWriter;
// The data of the tensors are not read. NULL on failure.
SafetensorsWriter *safetensors_writer_open(const char *path, const SafeTensor *tensors, int count,
                                           const Metadata *metadata, int metadata_count,
                                           Error *error);
// Appends elements to a tensor (its index among `tensors`), up to its count.
void safetensors_writer_add(SafetensorsWriter *writer, int tensor, const void *data,
                            size_t elements);
// Finishes the file, for which every tensor must be complete, and frees the writer.
bool safetensors_writer_commit(SafetensorsWriter *writer, Error *error);
void safetensors_writer_discard(SafetensorsWriter *writer);
#endif
