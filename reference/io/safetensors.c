#include "reference/io/safetensors_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the tensors of a mapped file are used in place");

enum { LENGTH_BYTES = 8, HEADER_LIMIT = 100 * 1000 * 1000 };

static const struct {
    const char *name;
    size_t size;
} dtypes[DTYPE_COUNT] = {
    [DTYPE_F32] = { "F32", 4 }, [DTYPE_F64] = { "F64", 8 }, [DTYPE_I32] = { "I32", 4 },
    [DTYPE_I64] = { "I64", 8 }, [DTYPE_U16] = { "U16", 2 }, [DTYPE_U8] = { "U8", 1 }
};

size_t dtype_size(Dtype dtype) { return dtypes[dtype].size; }
const char *dtype_name(Dtype dtype) { return dtypes[dtype].name; }

Hash hash_text(uint64_t hash) {
    Hash text;
    snprintf(text.text, sizeof text.text, "%016llx", (unsigned long long)hash);
    return text;
}

static Hash hash_of(const void *bytes, size_t size) {
    return hash_text(XXH3_64bits(size ? bytes : "", size));
}

bool header_hash(Hash *hash, const json_t *header) {
    char *text = json_text(header, JSON_SORT_KEYS | JSON_COMPACT);
    if (text == NULL) return false;
    *hash = hash_of(text, strlen(text));
    free(text);
    return true;
}

size_t tensor_bytes(const SafeTensor *tensor) { return tensor->count * dtype_size(tensor->dtype); }

bool is_hash_key(const char *key) { return strncmp(key, HASH, sizeof HASH - 1) == 0; }

bool name_is_plain(const char *name) {
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        if (*c < 0x20 || *c == 0x7f) return false;
    }
    return true;
}

// ---- reading

static bool read_dtype(SafeTensor *tensor, const json_t *entry, const char *path, Error *error) {
    const char *name = json_string_value(json_object_get(entry, "dtype"));
    if (name == NULL) return fail(error, "%s: tensor '%.200s': no dtype", path, tensor->name);
    for (int i = 0; i < DTYPE_COUNT; i++) {
        if (strcmp(name, dtypes[i].name) == 0) {
            tensor->dtype = (Dtype)i;
            return true;
        }
    }
    return fail(error, "%s: tensor '%.200s': dtype '%.20s' is not supported; convert it to F32",
                path, tensor->name, name_is_plain(name) ? name : "?");
}

static bool read_shape(SafeTensor *tensor, const json_t *entry, const char *path, Error *error) {
    const json_t *shape = json_object_get(entry, "shape");
    if (!json_is_array(shape))
        return fail(error, "%s: tensor '%.200s': no shape", path, tensor->name);
    if (json_array_size(shape) > SAFETENSORS_RANK) {
        return fail(error, "%s: tensor '%.200s': %zu dimensions; at most %d are supported", path,
                    tensor->name, json_array_size(shape), SAFETENSORS_RANK);
    }
    tensor->rank = (int)json_array_size(shape);
    tensor->count = 1;
    size_t limit = (size_t)PTRDIFF_MAX / dtype_size(tensor->dtype);
    for (int i = 0; i < tensor->rank; i++) {
        const json_t *size = json_array_get(shape, (size_t)i);
        int64_t n = json_is_integer(size) ? (int64_t)json_integer_value(size) : -1;
        if (n < 0)
            return fail(error, "%s: tensor '%.200s': dimension %d is not a size", path,
                        tensor->name, i);
        if (n > 0 && tensor->count > limit / (uint64_t)n) {
            return fail(error, "%s: tensor '%.200s': the shape is larger than the address space",
                        path, tensor->name);
        }
        tensor->shape[i] = n;
        tensor->count *= (size_t)n;
    }
    return true;
}

// Sets data. The offsets must be inside the data (`size` bytes) and match the shape.
static bool read_offsets(SafeTensor *tensor, const json_t *entry, const unsigned char *data,
                         size_t size, const char *path, Error *error) {
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const json_t *first = json_array_get(offsets, 0), *second = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(second)) {
        return fail(error, "%s: tensor '%.200s': data_offsets must be two integers", path,
                    tensor->name);
    }
    long long begin = json_integer_value(first), end = json_integer_value(second);
    if (begin < 0 || end < begin || (unsigned long long)end > size) {
        return fail(error,
                    "%s: tensor '%.200s': data_offsets %lld to %lld are outside the file's "
                    "%zu bytes of data: it is truncated or damaged; download or write it again",
                    path, tensor->name, begin, end, size);
    }
    if ((size_t)(end - begin) != tensor_bytes(tensor)) {
        return fail(error,
                    "%s: tensor '%.200s': data_offsets span %lld bytes, shape and dtype need %zu",
                    path, tensor->name, end - begin, tensor_bytes(tensor));
    }
    tensor->data = data + begin;
    return true;
}

static int by_data(const void *a, const void *b) {
    const SafeTensor *s = a, *t = b;
    uintptr_t x = (uintptr_t)s->data, y = (uintptr_t)t->data;
    if (x != y) return x < y ? -1 : 1;
    size_t m = tensor_bytes(s), n = tensor_bytes(t); // an empty tensor goes before its neighbour
    if (m != n) return m < n ? -1 : 1;
    return strcmp(s->name, t->name);
}

// The tensors must cover the data without overlap or gap.
static bool check_cover(const Safetensors *file, const unsigned char *data, size_t size,
                        Error *error) {
    size_t end = 0; // of the tensors so far
    for (int i = 0; i < file->count; i++) {
        const SafeTensor *tensor = &file->tensors[i];
        size_t begin = (size_t)((const unsigned char *)tensor->data - data);
        if (begin != end) {
            return fail(error, "%s: tensor '%.200s': its data begin at %zu, expected %zu: %s",
                        file->path, tensor->name, begin, end,
                        begin < end ? "they overlap another tensor" : "there is a gap");
        }
        end += tensor_bytes(tensor);
    }
    if (end == size) return true;
    return fail(error, "%s: %zu bytes of data belong to no tensor", file->path, size - end);
}

static bool read_tensors(Safetensors *file, const unsigned char *data, size_t size, Error *error) {
    json_t *header = file->header;
    file->tensors = calloc(json_object_size(header) + 1, sizeof *file->tensors);
    if (file->tensors == NULL) return fail(error, "%s: out of memory", file->path);
    const char *name;
    json_t *entry;
    json_object_foreach(header, name, entry) {
        if (strcmp(name, METADATA) == 0) continue;
        if (!name_is_plain(name))
            return fail(error, "%s: a tensor's name contains control characters", file->path);
        if (!json_is_object(entry) || json_object_size(entry) != 3) {
            return fail(
                error,
                "%s: tensor '%.200s': expected dtype, shape and data_offsets, and nothing else",
                file->path, name);
        }
        SafeTensor *tensor = &file->tensors[file->count];
        tensor->name = name;
        if (!read_dtype(tensor, entry, file->path, error) ||
            !read_shape(tensor, entry, file->path, error) ||
            !read_offsets(tensor, entry, data, size, file->path, error)) {
            return false;
        }
        file->count++;
    }
    qsort(file->tensors, (size_t)file->count, sizeof *file->tensors, by_data);
    return check_cover(file, data, size, error);
}

static bool read_metadata(Safetensors *file, Error *error) {
    json_t *metadata = json_object_get(file->header, METADATA);
    if (metadata == NULL) return true;
    if (!json_is_object(metadata))
        return fail(error, "%s: %s is not an object", file->path, METADATA);
    file->metadata = calloc(json_object_size(metadata) + 1, sizeof *file->metadata);
    if (file->metadata == NULL) return fail(error, "%s: out of memory", file->path);
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value) {
        const char *text = json_string_value(value);
        if (!name_is_plain(key))
            return fail(error, "%s: a metadata key contains control characters", file->path);
        if (text == NULL || strlen(text) != json_string_length(value)) {
            return fail(error, "%s: metadata '%.200s' is not a string, or contains NUL", file->path,
                        key);
        }
        if (!is_hash_key(key)) file->metadata[file->metadata_count++] = (Metadata){ key, text };
    }
    return true;
}

char *hash_key(const char *name) {
    size_t size = sizeof HASH + strlen(name);
    char *key = malloc(size);
    if (key != NULL) snprintf(key, size, "%s%s", HASH, name);
    return key;
}

// Another library that saves the file again may order the tensors differently, or change them, and
// keep the metadata with our hashes.
static bool fail_changed(const Safetensors *file, const char *what, Error *error) {
    return fail(error,
                "%s: %s: the file has changed since it was written with these hashes; if another "
                "program saved it, leave out the metadata keys xxh3.* there, otherwise it is "
                "damaged: download or write it again",
                file->path, what);
}

// Takes the header's own hash out of the metadata, as it was computed without it.
static bool check_header_hash(Safetensors *file, json_t *metadata, Error *error) {
    json_t *value = json_incref(json_object_get(metadata, HEADER_HASH));
    const char *expected = json_string_value(value);
    if (expected == NULL) {
        json_decref(value);
        return fail_changed(file, "has hashes, but not one of its header", error);
    }
    json_object_del(metadata, HEADER_HASH);
    Hash hash;
    char what[100];
    bool ok = header_hash(&hash, file->header) || fail(error, "%s: out of memory", file->path);
    if (ok && strcmp(hash.text, expected) != 0) {
        snprintf(what, sizeof what, "the header's XXH3 hash is %s, expected %.20s", hash.text,
                 expected);
        ok = fail_changed(file, what, error);
    }
    json_decref(value);
    return ok;
}

static bool check_tensor_hash(const Safetensors *file, const SafeTensor *tensor,
                              const json_t *metadata, Error *error) {
    char *key = hash_key(tensor->name), what[300];
    if (key == NULL) return fail(error, "%s: out of memory", file->path);
    const char *expected = json_string_value(json_object_get(metadata, key));
    free(key);
    Hash hash = hash_of(tensor->data, tensor_bytes(tensor));
    if (expected != NULL && strcmp(expected, hash.text) == 0) return true;
    snprintf(what, sizeof what, "tensor '%.200s': its XXH3 hash is %s, expected %.20s",
             tensor->name, hash.text, expected == NULL ? "one" : expected);
    return fail_changed(file, what, error);
}

// All hashes or none: a file with only some of them has changed.
static bool check_hashes(Safetensors *file, Error *error) {
    json_t *metadata = json_object_get(file->header, METADATA);
    // none: written by another program
    if ((int)json_object_size(metadata) == file->metadata_count) return true;
    if (!check_header_hash(file, metadata, error)) return false;
    if ((int)json_object_size(metadata) != file->metadata_count + file->count)
        return fail_changed(file, "does not have one XXH3 hash per tensor", error);
    for (int i = 0; i < file->count; i++) {
        if (!check_tensor_hash(file, &file->tensors[i], metadata, error)) return false;
    }
    return true;
}

// Parses the header into out->header; *data is where the data begin.
static bool read_header(Safetensors *out, size_t *data, Error *error) {
    const unsigned char *bytes = out->file.bytes;
    size_t size = out->file.size;
    if (size < LENGTH_BYTES) {
        return fail(error, "%s: %zu bytes are too short for a safetensors file", out->path, size);
    }
    uint64_t length;
    memcpy(&length, bytes, sizeof length);
    if (length > HEADER_LIMIT || length > size - LENGTH_BYTES) {
        return fail(
            error,
            "%s: not a complete safetensors file: a header of %llu bytes in a file of %zu (at "
            "most %d)",
            out->path, (unsigned long long)length, size, HEADER_LIMIT);
    }
    const char *text = (const char *)bytes + LENGTH_BYTES;
    if (length == 0 || text[0] != '{') {
        return fail(error, "%s: not a safetensors file: the header does not begin with '{'",
                    out->path);
    }
    out->header = json_parse(text, (size_t)length, out->path, error);
    *data = LENGTH_BYTES + (size_t)length;
    return out->header != NULL;
}

bool safetensors_open(Safetensors *out, const char *path, Error *error) {
    *out = (Safetensors){ 0 };
    size_t data = 0;
    bool ok = false;
    out->path = strdup(path);
    if (out->path == NULL) {
        fail(error, "%s: out of memory", path);
    } else {
        ok = file_map(&out->file, path, error) && read_header(out, &data, error) &&
             read_tensors(out, out->file.bytes + data, out->file.size - data, error) &&
             read_metadata(out, error) && check_hashes(out, error);
    }
    if (!ok) safetensors_close(out);
    return ok;
}

void safetensors_close(Safetensors *file) {
    json_decref(file->header);
    free(file->tensors);
    free(file->metadata);
    free(file->path);
    file_unmap(&file->file);
    *file = (Safetensors){ 0 };
}

const SafeTensor *safetensors_find(const Safetensors *file, const char *name) {
    for (int i = 0; i < file->count; i++) {
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    }
    return NULL;
}

const char *safetensors_metadata(const Safetensors *file, const char *key) {
    for (int i = 0; i < file->metadata_count; i++) {
        if (strcmp(file->metadata[i].key, key) == 0) return file->metadata[i].value;
    }
    return NULL;
}

// ---- elements

// Element i of an integer tensor. memcpy, because other writers may not align the data.
static int64_t integer_at(const SafeTensor *tensor, size_t i) {
    const char *element = (const char *)tensor->data + i * dtype_size(tensor->dtype);
    int64_t wide;
    int32_t narrow;
    uint16_t half;
    switch (tensor->dtype) {
    case DTYPE_I64: memcpy(&wide, element, sizeof wide); return wide;
    case DTYPE_I32: memcpy(&narrow, element, sizeof narrow); return narrow;
    case DTYPE_U16: memcpy(&half, element, sizeof half); return half;
    case DTYPE_U8: return *(const unsigned char *)element;
    default: return 0;
    }
}

// Element i of any tensor.
static double number_at(const SafeTensor *tensor, size_t i) {
    const char *element = (const char *)tensor->data + i * dtype_size(tensor->dtype);
    double wide;
    float narrow;
    switch (tensor->dtype) {
    case DTYPE_F64: memcpy(&wide, element, sizeof wide); return wide;
    case DTYPE_F32: memcpy(&narrow, element, sizeof narrow); return narrow;
    default: return (double)integer_at(tensor, i);
    }
}

void safetensor_to_floats(float *out, const SafeTensor *tensor) {
    if (tensor->dtype == DTYPE_F32) {
        if (tensor->count > 0) memcpy(out, tensor->data, tensor_bytes(tensor));
        return;
    }
    for (size_t i = 0; i < tensor->count; i++) out[i] = (float)number_at(tensor, i);
}

void safetensor_to_doubles(double *out, const SafeTensor *tensor) {
    for (size_t i = 0; i < tensor->count; i++) out[i] = number_at(tensor, i);
}

void safetensor_to_ints(int32_t *out, const SafeTensor *tensor) {
    for (size_t i = 0; i < tensor->count; i++) {
        int64_t n = integer_at(tensor, i);
        if (n > INT32_MAX) n = INT32_MAX;
        if (n < INT32_MIN) n = INT32_MIN;
        out[i] = (int32_t)n;
    }
}
