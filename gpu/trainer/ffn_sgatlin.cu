// y = Σ_c Σ_k act(score[c,k] · z[c,k]) · out[c,index[c,k]], z[c,k] = in[c,index[c,k]] · x. Oracle:
// reference/ffn/sgatlin.c
#include "activations.cuh"
#include "gating.cuh"
#include "key_router.cuh"
#include "neuron_experts.cuh"
#include "neuron_memory.cuh"

enum { QUERY, KEYS, IN, OUT };

static size_t sgatlin_saved(const Config *config, int N) {
    NeuronSaved unused;
    return neuron_saved(&unused, NULL, config, N, false);
}
static size_t sgatlin_scratch(const Config *config, int N) {
    NeuronScratch unused;
    return neuron_scratch(&unused, NULL, config, N);
}
static Gating sgatlin_gating(const Config *config, float *block, int N) {
    NeuronSaved saved;
    neuron_saved(&saved, block, config, N, false);
    return saved.gating;
}

// relu keeps NaN
static __device__ __forceinline__ float activate(Activation activation, float u) {
    switch (activation) {
    case ACTIVATION_RELU: return u < 0.0f ? 0.0f : u;
    case ACTIVATION_GELU: return gelu(u);
    case ACTIVATION_SWISH: return u * logistic(u);
    default: return u;
    }
}
static __device__ __forceinline__ float activate_derivative(Activation activation, float u) {
    switch (activation) {
    case ACTIVATION_RELU: return u > 0.0f ? 1.0f : 0.0f;
    case ACTIVATION_GELU: return gelu_derivative(u);
    case ACTIVATION_SWISH: return logistic(u) * (1.0f + u * (1.0f - logistic(u)));
    default: return 1.0f;
    }
}

static __global__ void weigh_kernel(float *weight, const float *score, const float *z,
                                    Activation activation, size_t entries) {
    size_t e = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (e < entries) weight[e] = activate(activation, score[e] * z[e]);
}

// With u = score·z: du = act'(u)·dweight, dscore = z·du, dz = score·du.
static __global__ void weigh_backward_kernel(float *dscore, float *dz, const float *dweight,
                                             const float *score, const float *z,
                                             Activation activation, size_t entries) {
    size_t e = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (e >= entries) return;
    float du = dweight[e] * activate_derivative(activation, score[e] * z[e]);
    dscore[e] = z[e] * du;
    dz[e] = score[e] * du;
}

static void sgatlin_forward(const LayerCall *call) {
    const Config *config = call->config;
    const Gpu *gpu = call->gpu;
    int C = config->C, D = config->D;
    NeuronSaved saved;
    neuron_saved(&saved, call->saved, config, call->B * call->T, false);
    DeviceRouter router = { config, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    device_router_forward(gpu, &saved.gating, hooks_key_scores(call->hooks), saved.router, call->x,
                          &router, call->scratch);
    gating_call_hooks(call, &saved.gating);

    size_t entries = gating_entries(&saved.gating);
    device_experts_dot(gpu, saved.z, call->x, ffn_parameter(call, IN), &saved.gating, C, D);
    LAUNCH(weigh_kernel, blocks_of(entries), BLOCK_THREADS, 0, gpu->stream, saved.weight,
           saved.gating.score, saved.z, config->activation, entries);
    CHECK(launch_error());
    device_experts_sum(gpu, call->y, saved.weight, ffn_parameter(call, OUT), &saved.gating, C, D);
}

static void sgatlin_backward(const LayerCall *call) {
    const Config *config = call->config;
    const Gpu *gpu = call->gpu;
    int C = config->C, D = config->D, N = call->B * call->T;
    NeuronSaved saved;
    NeuronScratch scratch;
    neuron_saved(&saved, call->saved, config, N, false);
    neuron_scratch(&scratch, call->scratch, config, N);
    const Gating *gating = &saved.gating;
    size_t entries = gating_entries(gating);

    device_experts_dot(gpu, scratch.dweight, call->dy, ffn_parameter(call, OUT), gating, C, D);
    LAUNCH(weigh_backward_kernel, blocks_of(entries), BLOCK_THREADS, 0, gpu->stream, scratch.dscore,
           scratch.dz, scratch.dweight, gating->score, saved.z, config->activation, entries);
    CHECK(launch_error());
    DeviceEntries pools = gating_pools(gating, C);
    device_order_sort(gpu, &scratch.order, &pools);
    device_experts_gradient(gpu, ffn_gradient(call, OUT), saved.weight, call->dy, &scratch.order,
                            gating, C, D);
    device_experts_gradient(gpu, ffn_gradient(call, IN), scratch.dz, call->x, &scratch.order,
                            gating, C, D);
    device_experts_sum(gpu, call->dx, scratch.dz, ffn_parameter(call, IN), gating, C, D);
    DeviceRouter router = { config, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    device_router_backward(gpu, call->dx, ffn_gradient(call, QUERY), ffn_gradient(call, KEYS),
                           scratch.dscore, gating, saved.router, call->x, &router, scratch.router);
}

const DeviceFfn sgatlin_device_ffn = { "sgatlin",       device_router_valid,
                                       sgatlin_saved,   sgatlin_scratch,
                                       sgatlin_forward, sgatlin_backward,
                                       sgatlin_gating,  NULL };
