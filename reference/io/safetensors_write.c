#include "reference/io/safetensors_parts.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { ALIGNMENT = 8 };

typedef struct {
    char *key;          // of its hash in the metadata
    size_t size;        // bytes per element
    size_t bytes, done; // of the whole tensor, and written so far
    uint64_t offset;    // of the next byte, in the data
    XXH3_state_t *hash; // of what was written
} WrittenTensor;

struct SafetensorsWriter {
    OutputFile out;
    json_t *header;    // hashes are zeros until the tensors are complete
    uint64_t data;     // where the data begin in the file
    uint64_t position; // of the stream
    bool failed;       // to seek
    int count;
    WrittenTensor items[]; // [count]
};

static bool check_tensor(const SafeTensor *tensor, const json_t *header, const char *path,
                         Error *error) {
    size_t count = 1;
    for (int i = 0; i < tensor->rank; i++) count *= (size_t)tensor->shape[i];
    if (count != tensor->count) {
        return fail(error, "%s: tensor '%s': %zu elements, but its shape has %zu", path,
                    tensor->name, tensor->count, count);
    }
    if (strcmp(tensor->name, METADATA) == 0 || strcmp(tensor->name, "header") == 0 ||
        !name_is_plain(tensor->name)) {
        return fail(error, "%s: a tensor cannot be named '%s'", path, tensor->name);
    }
    if (json_object_get(header, tensor->name) == NULL) return true;
    return fail(error, "%s: two tensors are named '%s'", path, tensor->name);
}

static bool add_metadata(json_t *metadata, const Metadata *pairs, int count, const char *path,
                         Error *error) {
    for (int i = 0; i < count; i++) {
        if (is_hash_key(pairs[i].key) || !name_is_plain(pairs[i].key) ||
            json_object_get(metadata, pairs[i].key) != NULL) {
            return fail(error, "%s: metadata key '%s' is reserved or appears twice", path,
                        pairs[i].key);
        }
        if (json_object_set_new(metadata, pairs[i].key, json_string(pairs[i].value)) != 0) {
            return fail(error, "%s: metadata '%s' is not UTF-8", path, pairs[i].key);
        }
    }
    return true;
}

static bool set_hash(json_t *header, const char *key, uint64_t hash) {
    return json_object_set_new(json_object_get(header, METADATA), key,
                               json_string(hash_text(hash).text)) == 0;
}

// Adds a tensor's header entry; its data begin at *offset, which moves to their end.
static bool add_tensor(WrittenTensor *out, json_t *header, const SafeTensor *tensor,
                       size_t *offset) {
    *out = (WrittenTensor){ .key = hash_key(tensor->name),
                            .size = dtype_size(tensor->dtype),
                            .bytes = tensor_bytes(tensor),
                            .offset = *offset,
                            .hash = XXH3_createState() };
    json_t *shape = json_array();
    bool ok = shape != NULL && out->key != NULL && out->hash != NULL;
    for (int i = 0; ok && i < tensor->rank; i++)
        ok = json_array_append_new(shape, json_integer(tensor->shape[i])) == 0;
    size_t end = *offset + out->bytes;
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_name(tensor->dtype), "shape",
                              shape, "data_offsets", (json_int_t)*offset, (json_int_t)end);
    ok = ok && entry != NULL && json_object_set(header, tensor->name, entry) == 0 &&
         set_hash(header, out->key, 0);
    json_decref(entry);
    if (ok) XXH3_64bits_reset(out->hash);
    *offset = end;
    return ok;
}

// Larger elements come first, so every tensor is aligned to its element.
static bool add_tensors(SafetensorsWriter *writer, const SafeTensor *tensors, int count,
                        const char *path, Error *error) {
    size_t offset = 0;
    for (size_t size = 8; size >= 1; size /= 2) {
        for (int i = 0; i < count; i++) {
            if (dtype_size(tensors[i].dtype) != size) continue;
            if (!check_tensor(&tensors[i], writer->header, path, error)) return false;
            if (!add_tensor(&writer->items[i], writer->header, &tensors[i], &offset))
                return fail(error, "%s: tensor '%s': the name is not UTF-8, or out of memory", path,
                            tensors[i].name);
        }
    }
    return true;
}

static bool make_header(SafetensorsWriter *writer, const SafeTensor *tensors, int count,
                        const Metadata *pairs, int pair_count, const char *path, Error *error) {
    json_t *metadata = json_object();
    writer->header = json_object();
    if (json_object_set_new(writer->header, METADATA, metadata) != 0)
        return fail(error, "%s: out of memory", path);
    return add_metadata(metadata, pairs, pair_count, path, error) &&
           add_tensors(writer, tensors, count, path, error);
}

// Writes the header at the beginning of the file, with its own hash. It is as long for all hashes.
static bool write_header(SafetensorsWriter *writer) {
    json_t *metadata = json_object_get(writer->header, METADATA);
    Hash hash;
    json_object_del(metadata, HEADER_HASH);
    if (!header_hash(&hash, writer->header) ||
        json_object_set_new(metadata, HEADER_HASH, json_string(hash.text)) != 0)
        return false;
    char *text = json_text(writer->header, JSON_COMPACT);
    if (text == NULL) return false;
    uint64_t used = strlen(text), length = (used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    fwrite(&length, sizeof length, 1, writer->out.stream);
    fprintf(writer->out.stream, "%s%*s", text, (int)(length - used), "");
    free(text);
    writer->data = writer->position = sizeof length + length;
    return true;
}

SafetensorsWriter *safetensors_writer_open(const char *path, const SafeTensor *tensors, int count,
                                           const Metadata *metadata, int metadata_count,
                                           Error *error) {
    if (count < 1) {
        fail(error, "%s: no tensors to write", path);
        return NULL;
    }
    SafetensorsWriter *writer = calloc(1, sizeof *writer + (size_t)count * sizeof *writer->items);
    if (writer == NULL) {
        fail(error, "%s: out of memory", path);
        return NULL;
    }
    writer->count = count;
    bool ok = make_header(writer, tensors, count, metadata, metadata_count, path, error) &&
              output_open(&writer->out, path, error) &&
              (write_header(writer) || fail(error, "%s: out of memory", path));
    if (ok) return writer;
    safetensors_writer_discard(writer);
    return NULL;
}

// Seeking writes what is buffered, and is where a full disk shows.
static bool seek(SafetensorsWriter *writer, uint64_t at) {
    writer->failed = writer->failed || fseeko(writer->out.stream, (off_t)at, SEEK_SET) != 0;
    return !writer->failed;
}

void safetensors_writer_add(SafetensorsWriter *writer, int i, const void *data, size_t elements) {
    WrittenTensor *tensor = &writer->items[i];
    size_t bytes = elements * tensor->size;
    assert(bytes <= tensor->bytes - tensor->done);
    if (bytes == 0) return;
    uint64_t at = writer->data + tensor->offset;
    if (at != writer->position && !seek(writer, at)) return;
    fwrite(data, tensor->size, elements, writer->out.stream);
    XXH3_64bits_update(tensor->hash, data, bytes);
    tensor->offset += bytes;
    tensor->done += bytes;
    writer->position = at + bytes;
}

static void writer_free(SafetensorsWriter *writer) {
    for (int i = 0; i < writer->count; i++) {
        free(writer->items[i].key);
        XXH3_freeState(writer->items[i].hash);
    }
    json_decref(writer->header);
    free(writer);
}

void safetensors_writer_discard(SafetensorsWriter *writer) {
    output_discard(&writer->out);
    writer_free(writer);
}

// After a failed write the stream is left where it is: output_commit finds out why there.
static bool write_hashes(SafetensorsWriter *writer, Error *error) {
    for (int i = 0; i < writer->count; i++) {
        const WrittenTensor *tensor = &writer->items[i];
        assert(tensor->done == tensor->bytes || writer->failed);
        if (!set_hash(writer->header, tensor->key, XXH3_64bits_digest(tensor->hash)))
            return fail(error, "%s: out of memory", writer->out.path);
    }
    if (ferror(writer->out.stream)) return true;
    if (seek(writer, 0))
        return write_header(writer) || fail(error, "%s: out of memory", writer->out.path);
    return ferror(writer->out.stream) || fail(error, "%s: cannot be written", writer->out.path);
}

bool safetensors_writer_commit(SafetensorsWriter *writer, Error *error) {
    if (!write_hashes(writer, error)) {
        safetensors_writer_discard(writer);
        return false;
    }
    bool ok = output_commit(&writer->out, error);
    writer_free(writer);
    return ok;
}

bool safetensors_write(const char *path, const SafeTensor *tensors, int count,
                       const Metadata *metadata, int metadata_count, Error *error) {
    SafetensorsWriter *writer =
        safetensors_writer_open(path, tensors, count, metadata, metadata_count, error);
    if (writer == NULL) return false;
    for (size_t size = 8; size >= 1; size /= 2) { // in the order of the file
        for (int i = 0; i < count; i++) {
            if (dtype_size(tensors[i].dtype) == size)
                safetensors_writer_add(writer, i, tensors[i].data, tensors[i].count);
        }
    }
    return safetensors_writer_commit(writer, error);
}
