// The feed-forward layers of the trainer: as reference/ffn/ffn.h, on the device.
#pragma once
#include "gpu/07_language_model/optimizer.cuh"
#include "products.cuh"

// One call. All memory is the device's but `tokens`, which hooks read on the host. `loss` is
// unused: balancing losses go to numbers->balance_loss.
struct LayerCall : FfnCall {
    const Gpu *gpu;
    const int32_t *device_tokens; // [N]
    StepNumbers *numbers;
    Gating *host; // copies of the layers' gatings, see gating.cuh
    // The call is for one micro-batch: B rows of a batch, this share of its rows.
    bool is_first;
    float share;
};

struct DeviceFfn {
    const char *kind;
    // What the device lacks of this kind; NULL: nothing. The error names the setting to change.
    bool (*valid)(const Config *config, Error *error);
    size_t (*saved)(const Config *config, int N); // floats
    size_t (*scratch)(const Config *config, int N);
    void (*forward)(const LayerCall *call);  // x, parameters → y, saved
    void (*backward)(const LayerCall *call); // dy, x, parameters, saved → dx, gradients
    // A view of the Gating in `saved`, in device memory; NULL for dense kinds.
    Gating (*gating)(const Config *config, float *saved, int N);
    void (*after_step)(const LayerCall *call, float *parameters); // may be NULL
    // Columns of the widest of its operands of N rows that products in bf16 read; NULL: D.
    int (*width)(const Config *config);
};

extern const DeviceFfn mlp_device_ffn, glu_device_ffn, moe_device_ffn, peer_device_ffn,
    sgatlin_device_ffn;

// NULL: this kind does not run on the device yet; the error lists those that do.
const DeviceFfn *device_ffn(const Config *config, Error *error);
