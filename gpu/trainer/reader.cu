// A reader (reference/model/reader.h) on the device: a Device of one row, whose memory of keys and
// values is the KV cache.
#include "backend.h"
#include "device.cuh"

static void read_tokens(void *context, const int32_t *tokens, int n, int cached) {
    Device *d = static_cast<Device *>(context);
    size_t bytes = (size_t)n * sizeof(int32_t);
    CHECK(cudaStreamSynchronize(d->gpu.stream)); // the last pass has read host_batch.inputs
    memcpy(d->host_batch.inputs, tokens, bytes);
    CHECK(cudaMemcpyAsync(d->memory.batch.inputs, d->host_batch.inputs, bytes,
                          cudaMemcpyHostToDevice, d->gpu.stream));
    pass_read(d, n, cached);
}

static void read_logits(void *context, float *out, int first, int rows) {
    gpu_backend.logits(static_cast<Device *>(context), out, first, rows);
}

static void set_hooks(void *context, const HookList *hooks) {
    gpu_backend.hooks(static_cast<Device *>(context), hooks);
}

static void close(void *context) { gpu_backend.close(static_cast<Device *>(context)); }

bool device_reader(Reader *out, const Model *model, int T, Precision precision, Error *error) {
    Model shorter = *model;
    shorter.config.T = T;
    Device *d = device_open(&shorter, false, NULL, 1, 1, DEVICE_EVALUATES, precision, error);
    *out = Reader{ d, read_tokens, read_logits, set_hooks, close };
    if (d == NULL) *out = Reader{};
    return d != NULL;
}
