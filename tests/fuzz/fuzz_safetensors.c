#define _GNU_SOURCE // memfd_create
#include "reference/io/safetensors.h"
#include "tests/fuzz/memory_file.h"
#include <string.h>

// A mapping ends with its last page, not with the file, so that reading a little past the end does
// not crash: check the bounds here.
static bool inside(const SafeTensor *tensor, const MappedFile *file) {
    const unsigned char *data = tensor->data, *end = file->bytes + file->size;
    return data >= file->bytes && data <= end &&
           tensor->count <= (size_t)(end - data) / dtype_size(tensor->dtype);
}

// Reads every element, for the sanitizer to check.
static void read_all(const Safetensors *file) {
    for (int i = 0; i < file->count; i++) {
        const SafeTensor *tensor = &file->tensors[i];
        if (!inside(tensor, &file->file)) abort();
        double *values = malloc(tensor->count * sizeof *values + 1);
        int32_t *integers = malloc(tensor->count * sizeof *integers + 1);
        if (values == NULL || integers == NULL) abort();
        safetensor_to_doubles(values, tensor);
        safetensor_to_ints(integers, tensor);
        free(values);
        free(integers);
        if (safetensors_find(file, tensor->name) != tensor) abort();
    }
    for (int i = 0; i < file->metadata_count; i++) {
        if (safetensors_metadata(file, file->metadata[i].key) != file->metadata[i].value) abort();
    }
}

// A refusal must have a message of one line.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char path[MEMORY_PATH];
    int descriptor = memory_file(path, bytes, size);
    Error error = { "" };
    Safetensors file;
    if (safetensors_open(&file, path, &error)) {
        read_all(&file);
        safetensors_close(&file);
    } else if (strstr(error.text, path) == NULL || strchr(error.text, '\n') != NULL ||
               file.tensors != NULL) {
        abort();
    }
    close(descriptor);
    return 0;
}
