#include "neurons.cuh"
#include <cmath>
extern "C" {
#include "reference/ffn/key_router.h"
}

NeuronSizes neuron_sizes(const Config *config, int N) {
    return { N, config->D, config->F, config->C, config->K, ffn_pools(config) };
}

bool neurons_valid(const Config *config, Error *error) {
    const char *refusal = refuse_tokens(neuron_sizes(config, config->T));
    if (refusal != NULL) return fail(error, "this device cannot do that: %s", refusal);
    return device_router_valid(config, error);
}

size_t neurons_saved(NeuronsSaved *out, float *block, const Config *config, int N, bool has_gate) {
    size_t used = 0, entries = (size_t)N * config->C * config->K;
    *out = NeuronsSaved{};
    out->gating.N = N;
    out->gating.C = config->C;
    out->gating.K = config->K;
    out->gating.F = config->F;
    out->gating.keys = key_router_keys(config);
    out->gating.silent = has_gate ? -INFINITY : 0.0f; // the gate is a softmax of the scores
    out->gating.score = floats_take(block, &used, entries);
    out->gating.index = (int32_t *)floats_take(block, &used, entries);
    if (has_gate) out->gate = floats_take(block, &used, entries);
    out->z = floats_take(block, &used, entries);
    out->router = floats_take(block, &used, device_router_saved(config, N));
    return used;
}

size_t neurons_scratch(NeuronsScratch *out, float *block, const Config *config, int N) {
    size_t used = 0;
    size_t bytes = backward_scratch(&out->backward, block, neuron_sizes(config, N));
    floats_take(block, &used, bytes / sizeof(float));
    out->dscore = floats_take(block, &used, (size_t)N * config->C * config->K);
    out->router = floats_take(block, &used, device_router_scratch(config, N));
    return used;
}

void neurons_clear(const LayerCall *call, int in, int out) {
    for (int i : { in, out }) {
        size_t bytes = call->tensors[i].count * sizeof(float);
        CHECK(cudaMemsetAsync(ffn_gradient(call, i), 0, bytes, call->gpu->stream));
    }
}
