#include "neuron_memory.cuh"
extern "C" {
#include "reference/ffn/key_router.h"
}
#include <cmath>

size_t neuron_saved(NeuronSaved *out, float *block, const Config *config, int N, bool has_gate) {
    size_t used = 0, entries = (size_t)N * config->C * config->K;
    *out = NeuronSaved{};
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
    out->weight = floats_take(block, &used, entries);
    out->router = floats_take(block, &used, device_router_saved(config, N));
    return used;
}

size_t neuron_scratch(NeuronScratch *out, float *block, const Config *config, int N) {
    size_t used = 0, entries = (size_t)N * config->C * config->K;
    out->dweight = floats_take(block, &used, entries);
    out->dz = floats_take(block, &used, entries);
    out->dscore = floats_take(block, &used, entries);
    Gating sizes = {};
    sizes.N = N;
    sizes.C = config->C;
    sizes.K = config->K;
    sizes.F = config->F;
    DeviceEntries pools = gating_pools(&sizes, ffn_pools(config));
    size_t order = device_order_layout(&out->order, block == NULL ? NULL : block + used, &pools);
    floats_take(block, &used, order);
    out->router = floats_take(block, &used, device_router_scratch(config, N));
    return used;
}
