// One-neuron experts (reference/ffn/neuron_experts.h), on the device: rows of two tables
// [pools,F,D].
#pragma once
#include "ffn.cuh"

// z [N,C,K] = x[t] · table[index]
void device_experts_dot(const Gpu *gpu, float *z, const float *x, const float *table,
                        const Gating *gating, int pools, int D);
// y [N,D] = Σ_c Σ_k weight[t,c,k] · table[index]
void device_experts_sum(const Gpu *gpu, float *y, const float *weight, const float *table,
                        const Gating *gating, int pools, int D);

// The entries of each pool, sorted by expert: those of an expert follow in the order of the tokens,
// so that the sums over them do not depend on the order in which threads run.
struct DeviceEntries {
    const int32_t *index; // below F; negative: no entry
    size_t count;         // of a pool
    int pools, F;
    int each,
        slots; // of the `slots` entries of a token, `each` belong to a pool, one after another
};
struct DeviceOrder {
    int32_t *order;  // [pools,count]: entries
    int32_t *start;  // [pools,F+1]: where each expert's begin in the pool's part of order
    int32_t *counts; // scratch
};
size_t device_order_layout(DeviceOrder *out, float *block, const DeviceEntries *entries);
void device_order_sort(const Gpu *gpu, const DeviceOrder *out, const DeviceEntries *entries);
DeviceEntries gating_pools(const Gating *gating, int pools); // of one that is not ragged

// dtable[expert] = Σ over the entries with that expert of weight[entry] · v[token]
void device_experts_gradient(const Gpu *gpu, float *dtable, const float *weight, const float *v,
                             const DeviceOrder *order, const Gating *gating, int pools, int D);
