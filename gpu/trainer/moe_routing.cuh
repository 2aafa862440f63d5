// Who chooses in a mixture of experts (reference/ffn/moe_routing.h), with the kernels of lessons 02
// and 03.
#pragma once
#include "ffn.cuh"

struct DeviceRouting {
    const Config *config;
    int B, T;
    const int32_t *tokens; // [B,T] on the device: where TOKEN_PAD was read
    const float *logits;   // [N,E]
    const float *bias;     // [E]; may be NULL
    float *p, *log_sum;    // [N,E], [N]: written by device_routing_select
};
bool device_routing_valid(const Config *config, Error *error);

size_t device_routing_scratch(const Config *config, int N); // floats
// Writes p, log_sum and the gating.
void device_routing_select(const Gpu *gpu, Gating *gating, const DeviceRouting *routing,
                           float *scratch);
// dlogits [N,E] from dweight, the gradient of the entries' scores.
void device_routing_backward(const Gpu *gpu, float *dlogits, const float *dweight,
                             const Gating *gating, const DeviceRouting *routing);
