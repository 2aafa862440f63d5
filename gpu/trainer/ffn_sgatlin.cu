// y = Σ_c Σ_k act(score[c,k] · z[c,k]) · out[c,index[c,k]], z[c,k] = in[c,index[c,k]] · x. Oracle:
// reference/ffn/sgatlin.c
#include "gating.cuh"
#include "neurons.cuh"

enum { QUERY, KEYS, IN, OUT };

static size_t saved_floats(const Config *config, int N) {
    NeuronsSaved unused;
    return neurons_saved(&unused, NULL, config, N, false);
}
static size_t scratch_floats(const Config *config, int N) {
    NeuronsScratch unused;
    return neurons_scratch(&unused, NULL, config, N);
}
static Gating gating_in(const Config *config, float *block, int N) {
    NeuronsSaved saved;
    neurons_saved(&saved, block, config, N, false);
    return saved.gating;
}

static NeuronActivation activation_of(const Config *config) {
    switch (config->activation) {
    case ACTIVATION_RELU: return NeuronActivation::RELU;
    case ACTIVATION_GELU: return NeuronActivation::GELU;
    case ACTIVATION_SWISH: return NeuronActivation::SWISH;
    default: return NeuronActivation::IDENTITY;
    }
}

static void forward(const LayerCall *call) {
    const Config *config = call->config;
    int N = call->B * call->T;
    NeuronsSaved saved;
    neurons_saved(&saved, call->saved, config, N, false);
    DeviceRouter router = { config, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    device_router_forward(call->gpu, &saved.gating, hooks_key_scores(call->hooks), saved.router,
                          call->x, &router, call->scratch);
    gating_call_hooks(call, &saved.gating);
    CHECK(sgatlin_forward(call->y, saved.z, call->x, saved.gating.index, saved.gating.score,
                          ffn_parameter(call, IN), ffn_parameter(call, OUT), activation_of(config),
                          neuron_sizes(config, N), call->gpu->stream));
}

static void backward(const LayerCall *call) {
    const Config *config = call->config;
    int N = call->B * call->T;
    NeuronsSaved saved;
    NeuronsScratch scratch;
    neurons_saved(&saved, call->saved, config, N, false);
    neurons_scratch(&scratch, call->scratch, config, N);
    neurons_clear(call, IN, OUT);
    CHECK(sgatlin_backward(call->dx, scratch.dscore, ffn_gradient(call, IN),
                           ffn_gradient(call, OUT), scratch.backward, call->dy, call->x,
                           saved.gating.index, saved.gating.score, saved.z, ffn_parameter(call, IN),
                           ffn_parameter(call, OUT), activation_of(config), neuron_sizes(config, N),
                           call->gpu->stream));
    DeviceRouter router = { config, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    device_router_backward(call->gpu, call->dx, ffn_gradient(call, QUERY), ffn_gradient(call, KEYS),
                           scratch.dscore, &saved.gating, saved.router, call->x, &router,
                           scratch.router);
}

const DeviceFfn sgatlin_device_ffn = { "sgatlin",      neurons_valid, saved_floats,
                                       scratch_floats, forward,       backward,
                                       gating_in,      NULL,          NULL };
