#include "reference/ffn/activations.h"
#include "reference/ffn/ffn.h"
#include "reference/ffn/key_router.h"
#include "reference/ffn/neuron_experts.h"
#include <stdio.h>

// Sparsely gated linear neurons (chapter 06): in each of C channels a router chooses K of F
// one-neuron experts. Given the gating, the layer is linear in x, if act is the identity:
//   y = Σ_c Σ_k act(score[c,k] · z[c,k]) · out[c,index[c,k]],
//   z[c,k] = in[c,index[c,k]] · x
// router.query and router.keys are those of key_router.h; experts.in and experts.out [C,F,D].
enum { QUERY, KEYS, IN, OUT };

static bool sgatlin_valid(const Config *config, Error *error) {
    return key_router_valid(config, error);
}

static void sgatlin_declare(Tensors *tensors, const Config *config, const char *prefix) {
    int C = config->C, F = config->F, D = config->D;
    key_router_declare(tensors, config, prefix);
    tensors_add(tensors, prefix, "experts.in", INIT_LECUN, F, true, 3, (int[]){ C, F, D });
    tensors_add(tensors, prefix, "experts.out", INIT_LECUN, F, true, 3, (int[]){ C, F, D });
}

static size_t sgatlin_saved(const Config *config, int N) {
    NeuronSaved unused;
    return neuron_saved_layout(&unused, NULL, config, N, false);
}
static size_t sgatlin_scratch(const Config *config, int N, int threads) {
    NeuronScratch unused;
    return neuron_scratch_layout(&unused, NULL, config, N, threads);
}
static Gating sgatlin_gating(const Config *config, float *block, int N) {
    NeuronSaved saved;
    neuron_saved_layout(&saved, block, config, N, false);
    return saved.gating;
}

static void weigh_token(const NeuronSaved *saved, Activation activation, int t, int slots) {
    for (size_t e = (size_t)t * slots; e < (size_t)(t + 1) * slots; e++)
        saved->weight[e] = activate(activation, saved->gating.score[e] * saved->z[e]);
}

static void sgatlin_forward(const FfnCall *call) {
    const Config *config = call->config;
    int N = call->B * call->T, C = config->C, D = config->D;
    NeuronSaved saved;
    neuron_saved_layout(&saved, call->saved, config, N, false);
    KeyRouter router = { config, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    saved.gating.key_scores = hooks_key_scores(call->hooks);
    key_router_forward(&saved.gating, saved.key_router, call->x, &router, call->scratch);
    ffn_call_hooks(call, &saved.gating);

    neuron_experts_dot(saved.z, call->x, ffn_parameter(call, IN), &saved.gating, C, D);
    if (N == 1) {
        weigh_token(&saved, config->activation, 0, C * config->K);
    } else {
#pragma omp parallel for
        for (int t = 0; t < N; t++) weigh_token(&saved, config->activation, t, C * config->K);
    }
    neuron_experts_sum(call->y, saved.weight, ffn_parameter(call, OUT), &saved.gating, C, D);
}

// With u = score·z: du = act'(u)·(out·dy), dscore = z·du, dz = score·du, dout = Σ act(u)·dy and
// din = Σ dz·x over an expert's entries.
static void sgatlin_backward(const FfnCall *call) {
    const Config *config = call->config;
    int N = call->B * call->T, C = config->C, D = config->D;
    NeuronSaved saved;
    NeuronScratch scratch;
    neuron_saved_layout(&saved, call->saved, config, N, false);
    neuron_scratch_layout(&scratch, call->scratch, config, N, 1);
    const Gating *gating = &saved.gating;

    neuron_experts_dot(scratch.dweight, call->dy, ffn_parameter(call, OUT), gating, C, D);
    Activation activation = config->activation;
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        for (size_t e = (size_t)t * C * config->K; e < (size_t)(t + 1) * C * config->K; e++) {
            float score = gating->score[e], z = saved.z[e];
            float du = scratch.dweight[e] * activate_derivative(activation, score * z);
            scratch.dscore[e] = z * du;
            scratch.dz[e] = score * du;
        }
    }
    neuron_experts_sort(&scratch.order, gating, C);
    neuron_experts_gradient(ffn_gradient(call, OUT), saved.weight, call->dy, &scratch.order, gating,
                            C, D);
    neuron_experts_gradient(ffn_gradient(call, IN), scratch.dz, call->x, &scratch.order, gating, C,
                            D);
    neuron_experts_sum(call->dx, scratch.dz, ffn_parameter(call, IN), gating, C, D);
    KeyRouter router = { config, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    KeyRouterGradients gradients = { ffn_gradient(call, QUERY), ffn_gradient(call, KEYS) };
    key_router_backward(call->dx, &gradients, scratch.dscore, gating, saved.key_router, call->x,
                        &router, scratch.key_router);
}

// Each weight of the router and of the chosen experts takes part in one multiplication and addition
// per token.
static Cost sgatlin_cost(const Config *config, int T) {
    double C = config->C, F = config->F, K = config->K, D = config->D;
    double router = key_router_flops(config) / 2.0, chosen = 2.0 * C * K * D;
    return (Cost){ .parameters = router + 2.0 * C * F * D,
                   .active_parameters = router + chosen,
                   .flops = T * 2.0 * (router + chosen),
                   .bytes = 4.0 * (router + T * chosen) };
}

static void sgatlin_scale(char out[SCALE_SETTINGS_SIZE], int s, int divisor) {
    int n = 16 + 12 * s;
    snprintf(out, SCALE_SETTINGS_SIZE, "F=%d C=%d K=8 Dk=%d", n * n, 16 / divisor, 128 / divisor);
}

const Ffn sgatlin_ffn = {
    .kind = { .name = "sgatlin",
              .summary = "sparse: K of F linear neurons in each of C channels, chosen by a router",
              .sparse = true,
              .settings = "F C K Dk router activation",
              .valid = sgatlin_valid,
              .presets = { { "tiny", "F=25 C=2 K=3 Dk=8" },
                           { "demo", "F=256 C=4 K=8 Dk=64" },
                           { "laptop", "F=576 C=4 K=8 Dk=64" },
                           { "tinystories", "F=1024 C=8 K=8 Dk=128" } },
              .scale = sgatlin_scale },
    .declare = sgatlin_declare,
    .saved = sgatlin_saved,
    .scratch = sgatlin_scratch,
    .forward = sgatlin_forward,
    .backward = sgatlin_backward,
    .gating = sgatlin_gating,
    .cost = sgatlin_cost
};
