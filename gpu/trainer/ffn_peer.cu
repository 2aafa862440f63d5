// y = Σ_c Σ_k gate[c,k] · gelu(z[c,k]) · out[index[c,k]], gate[c] = softmax(score[c]). Oracle:
// reference/ffn/peer.c
#include "activations.cuh"
#include "gating.cuh"
#include "key_router.cuh"
#include "neuron_experts.cuh"
#include "neuron_memory.cuh"

enum { QUERY, KEYS, IN, OUT };
enum { ONE_POOL = 1 };

// PEER has this router, whatever the config says.
static Config with_router(const Config *config) {
    Config out = *config;
    out.router = ROUTER_PRODUCT_KEY_VALUE;
    return out;
}

static size_t peer_saved(const Config *config, int N) {
    Config own = with_router(config);
    NeuronSaved unused;
    return neuron_saved(&unused, NULL, &own, N, true);
}
static size_t peer_scratch(const Config *config, int N) {
    Config own = with_router(config);
    NeuronScratch unused;
    return neuron_scratch(&unused, NULL, &own, N);
}
static Gating peer_gating(const Config *config, float *block, int N) {
    Config own = with_router(config);
    NeuronSaved saved;
    neuron_saved(&saved, block, &own, N, true);
    return saved.gating;
}

// gate and weight (rows,K): one thread per head of a token. gate is 0 where a hook silenced the
// entry, even if it silenced all of them.
static __global__ void heads_kernel(float *gate, float *weight, const float *score, const float *z,
                                    int rows, int K) {
    int row = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (row >= rows) return;
    size_t first = (size_t)row * K;
    float max = score[first], sum = 0.0f;
    for (size_t e = first; e < first + K; e++) max = fmaxf(max, score[e]);
    for (size_t e = first; e < first + K; e++) {
        gate[e] = expf(score[e] - max);
        sum += gate[e];
    }
    for (size_t e = first; e < first + K; e++) {
        float own = score[e] == -INFINITY ? 0.0f : gate[e] / sum;
        gate[e] = own;
        weight[e] = own * gelu(z[e]);
    }
}

// With dweight = out·dy: dgate = gelu(z)·dweight, dz = gate·gelu'(z)·dweight, and through the
// softmax dscore = gate·(dgate − Σ gate·dgate).
static __global__ void heads_backward_kernel(float *dscore, float *dz, const float *dweight,
                                             const float *gate, const float *z, int rows, int K) {
    int row = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (row >= rows) return;
    size_t first = (size_t)row * K;
    float mean = 0.0f;
    for (size_t e = first; e < first + K; e++) mean += gate[e] * gelu(z[e]) * dweight[e];
    for (size_t e = first; e < first + K; e++) {
        dz[e] = gate[e] * gelu_derivative(z[e]) * dweight[e];
        dscore[e] = gate[e] * (gelu(z[e]) * dweight[e] - mean);
    }
}

static void peer_forward(const LayerCall *call) {
    Config own = with_router(call->config);
    const Gpu *gpu = call->gpu;
    int D = own.D, rows = call->B * call->T * own.C;
    NeuronSaved saved;
    neuron_saved(&saved, call->saved, &own, call->B * call->T, true);
    DeviceRouter router = { &own, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    device_router_forward(gpu, &saved.gating, hooks_key_scores(call->hooks), saved.router, call->x,
                          &router, call->scratch);
    gating_call_hooks(call, &saved.gating);

    device_experts_dot(gpu, saved.z, call->x, ffn_parameter(call, IN), &saved.gating, ONE_POOL, D);
    LAUNCH(heads_kernel, ceil_div(rows, BLOCK_THREADS), BLOCK_THREADS, 0, gpu->stream, saved.gate,
           saved.weight, saved.gating.score, saved.z, rows, own.K);
    CHECK(launch_error());
    device_experts_sum(gpu, call->y, saved.weight, ffn_parameter(call, OUT), &saved.gating,
                       ONE_POOL, D);
}

static void peer_backward(const LayerCall *call) {
    Config own = with_router(call->config);
    const Gpu *gpu = call->gpu;
    int D = own.D, N = call->B * call->T, rows = N * own.C;
    NeuronSaved saved;
    NeuronScratch scratch;
    neuron_saved(&saved, call->saved, &own, N, true);
    neuron_scratch(&scratch, call->scratch, &own, N);
    const Gating *gating = &saved.gating;

    device_experts_dot(gpu, scratch.dweight, call->dy, ffn_parameter(call, OUT), gating, ONE_POOL,
                       D);
    LAUNCH(heads_backward_kernel, ceil_div(rows, BLOCK_THREADS), BLOCK_THREADS, 0, gpu->stream,
           scratch.dscore, scratch.dz, scratch.dweight, saved.gate, saved.z, rows, own.K);
    CHECK(launch_error());
    DeviceEntries pools = gating_pools(gating, ONE_POOL);
    device_order_sort(gpu, &scratch.order, &pools);
    device_experts_gradient(gpu, ffn_gradient(call, OUT), saved.weight, call->dy, &scratch.order,
                            gating, ONE_POOL, D);
    device_experts_gradient(gpu, ffn_gradient(call, IN), scratch.dz, call->x, &scratch.order,
                            gating, ONE_POOL, D);
    device_experts_sum(gpu, call->dx, scratch.dz, ffn_parameter(call, IN), gating, ONE_POOL, D);
    DeviceRouter router = { &own, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    device_router_backward(gpu, call->dx, ffn_gradient(call, QUERY), ffn_gradient(call, KEYS),
                           scratch.dscore, gating, saved.router, call->x, &router, scratch.router);
}

const DeviceFfn peer_device_ffn = { "peer",       device_router_valid, peer_saved,  peer_scratch,
                                    peer_forward, peer_backward,       peer_gating, NULL };
