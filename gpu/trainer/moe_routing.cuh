// Who chooses in a mixture of experts (reference/ffn/moe_routing.h), on the device.
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

// Writes p, log_sum and the gating; score and keys [N,E] are scratch.
void device_routing_select(const Gpu *gpu, Gating *gating, const DeviceRouting *routing,
                           float *score, uint32_t *keys);
// dlogits [N,E] from dweight, the gradient of the entries' scores.
void device_routing_backward(const Gpu *gpu, float *dlogits, const float *dweight,
                             const Gating *gating, const DeviceRouting *routing);
