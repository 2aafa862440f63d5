// Who chooses in a mixture of experts (reference/ffn/moe_routing.h and moe_balance.h), on the
// device.
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

// Writes p, log_sum, score [N,E] and the gating; keys [N,E] is scratch. Entries of the gating's
// index after the last one become -1.
void device_routing_select(const Gpu *gpu, Gating *gating, const DeviceRouting *routing,
                           float *score, uint32_t *keys);
// dtable [N,E]: on entry the gradient of the scores, on return that of the logits.
void device_routing_backward(const Gpu *gpu, const DeviceRouting *routing, float *dtable);

// Balancing. count [E] of the tokens that are not padding, of which there are n.
void device_balance_count(const Gpu *gpu, int32_t *count, const Gating *gating,
                          const DeviceRouting *routing);
void device_balance_loss(const Gpu *gpu, double *loss, const int32_t *count, int n,
                         const DeviceRouting *routing); // adds to *loss
void device_balance_backward(const Gpu *gpu, float *dlogits, const int32_t *count, int n,
                             const DeviceRouting *routing);
// Nothing where the step is not finite.
void device_balance_bias(const Gpu *gpu, float *bias, const int32_t *count, double step,
                         const StepNumbers *numbers, int E);
