// y = Σ_c Σ_k gate[c,k] · gelu(z[c,k]) · out[index[c,k]], gate[c] = softmax(score[c]). Oracle:
// reference/ffn/peer.c
#include "gating.cuh"
#include "gpu/05_peer/2_fused.cuh"
#include "neurons.cuh"

enum { QUERY, KEYS, IN, OUT };

// PEER has this router, whatever the config says.
static Config with_router(const Config *config) {
    Config out = *config;
    out.router = ROUTER_PRODUCT_KEY_VALUE;
    return out;
}

static bool valid(const Config *config, Error *error) {
    Config own = with_router(config);
    return neurons_valid(&own, error);
}
static size_t saved_floats(const Config *config, int N) {
    Config own = with_router(config);
    NeuronsSaved unused;
    return neurons_saved(&unused, NULL, &own, N, true);
}
static size_t scratch_floats(const Config *config, int N) {
    Config own = with_router(config);
    NeuronsScratch unused;
    return neurons_scratch(&unused, NULL, &own, N);
}
static Gating gating_in(const Config *config, float *block, int N) {
    Config own = with_router(config);
    NeuronsSaved saved;
    neurons_saved(&saved, block, &own, N, true);
    return saved.gating;
}

static void forward(const LayerCall *call) {
    Config own = with_router(call->config);
    int N = call->B * call->T;
    NeuronsSaved saved;
    neurons_saved(&saved, call->saved, &own, N, true);
    DeviceRouter router = { &own, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    device_router_forward(call->gpu, &saved.gating, hooks_key_scores(call->hooks), saved.router,
                          call->x, &router, call->scratch);
    gating_call_hooks(call, &saved.gating);
    CHECK(peer_forward(call->y, saved.gate, saved.z, call->x, saved.gating.index,
                       saved.gating.score, ffn_parameter(call, IN), ffn_parameter(call, OUT),
                       neuron_sizes(&own, N), call->gpu->stream));
}

static void backward(const LayerCall *call) {
    Config own = with_router(call->config);
    int N = call->B * call->T;
    NeuronsSaved saved;
    NeuronsScratch scratch;
    neurons_saved(&saved, call->saved, &own, N, true);
    neurons_scratch(&scratch, call->scratch, &own, N);
    neurons_clear(call, IN, OUT);
    CHECK(peer_backward(call->dx, scratch.dscore, ffn_gradient(call, IN), ffn_gradient(call, OUT),
                        scratch.backward, call->dy, call->x, saved.gating.index, saved.gate,
                        saved.z, ffn_parameter(call, IN), ffn_parameter(call, OUT),
                        neuron_sizes(&own, N), call->gpu->stream));
    DeviceRouter router = { &own, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    device_router_backward(call->gpu, call->dx, ffn_gradient(call, QUERY), ffn_gradient(call, KEYS),
                           scratch.dscore, &saved.gating, saved.router, call->x, &router,
                           scratch.router);
}

const DeviceFfn peer_device_ffn = { "peer",         valid,   saved_floats,
                                    scratch_floats, forward, backward,
                                    gating_in,      NULL,    NULL };
