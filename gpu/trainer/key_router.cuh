// The four routers of one-neuron experts (reference/ffn/key_router.h), on the device.
#pragma once
#include "ffn.cuh"

// Experts per token and channel that the kernels can choose.
enum { MAX_CHOSEN = 768 };
bool device_router_valid(const Config *config, Error *error);

size_t device_router_saved(const Config *config, int N);   // floats
size_t device_router_scratch(const Config *config, int N); // floats, for both directions

struct DeviceRouter {
    const Config *config;
    const float *query, *keys;
};

// Writes the gating's score and index from x [N,D], and fills saved; key_scores (host memory, or
// NULL) gets all scores.
void device_router_forward(const Gpu *gpu, Gating *gating, float *key_scores, float *saved,
                           const float *x, const DeviceRouter *router, float *scratch);

// Writes the gradients of both tensors and adds to dx [N,D], from dscore [N,C,K].
void device_router_backward(const Gpu *gpu, float *dx, float *dquery, float *dkeys,
                            const float *dscore, const Gating *gating, const float *saved,
                            const float *x, const DeviceRouter *router, float *scratch);
