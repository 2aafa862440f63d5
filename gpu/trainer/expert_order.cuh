// Entries of gatings, sorted by expert on the device (reference/ffn/expert_sort.h).
#pragma once
#include "ffn.cuh"

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
