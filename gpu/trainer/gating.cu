#include "gating.cuh"
#include <stdlib.h>

size_t gating_capacity(const Gating *shape) {
    return shape->capacity > 0 ? shape->capacity : (size_t)shape->N * shape->C * shape->K;
}

bool gating_host_new(Gating *out, const Gating *shape) {
    size_t capacity = gating_capacity(shape) + 1;
    *out = *shape;
    out->score = (float *)malloc(capacity * sizeof(float));
    out->index = (int32_t *)malloc(capacity * sizeof(int32_t));
    out->start =
        shape->capacity > 0 ? (int32_t *)malloc(((size_t)shape->N + 1) * sizeof(int32_t)) : NULL;
    return out->score != NULL && out->index != NULL && (shape->capacity == 0 || out->start != NULL);
}

void gating_host_free(Gating *gating) {
    free(gating->score);
    free(gating->index);
    free(gating->start);
    *gating = Gating{};
}

static void copy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                 cudaStream_t stream) {
    if (bytes > 0) CHECK(cudaMemcpyAsync(to, from, bytes, kind, stream));
}

void gating_download(Gating *host, const Gating *gating, cudaStream_t stream) {
    Gating views = *host;
    *host = *gating;
    host->score = views.score;
    host->index = views.index;
    host->start = views.start;
    host->key_scores = NULL;
    if (gating->start != NULL) {
        size_t bytes = ((size_t)gating->N + 1) * sizeof(int32_t);
        copy(host->start, gating->start, bytes, cudaMemcpyDeviceToHost, stream);
        CHECK(cudaStreamSynchronize(stream)); // it says how many entries there are
    }
    size_t entries = gating_entries(host);
    copy(host->score, gating->score, entries * sizeof(float), cudaMemcpyDeviceToHost, stream);
    copy(host->index, gating->index, entries * sizeof(int32_t), cudaMemcpyDeviceToHost, stream);
    CHECK(cudaStreamSynchronize(stream));
}

static void upload(const Gating *gating, const Gating *host, cudaStream_t stream) {
    size_t entries = gating_entries(host);
    if (host->start != NULL) {
        size_t bytes = ((size_t)host->N + 1) * sizeof(int32_t);
        copy(gating->start, host->start, bytes, cudaMemcpyHostToDevice, stream);
    }
    copy(gating->score, host->score, entries * sizeof(float), cudaMemcpyHostToDevice, stream);
    copy(gating->index, host->index, entries * sizeof(int32_t), cudaMemcpyHostToDevice, stream);
    CHECK(cudaStreamSynchronize(stream));
}

void gating_call_hooks(const LayerCall *call, const Gating *gating) {
    if (call->hooks->count == 0) return;
    gating_download(call->host, gating, call->gpu->stream);
    call->host->key_scores = call->hooks->key_scores;
    ffn_call_hooks(call, call->host);
    upload(gating, call->host, call->gpu->stream);
}
