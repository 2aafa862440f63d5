#include "reference/ffn/activations.h"
#include "reference/ffn/ffn.h"
#include "reference/ffn/key_router.h"
#include "reference/ffn/neuron_experts.h"
#include "reference/numbers/vector.h"
#include <math.h>
#include <stdio.h>

// PEER (chapter 05): each of C heads chooses K of the same F one-neuron experts and weights them by
// a softmax over their scores:
//   y = Σ_c Σ_k gate[c,k] · gelu(z[c,k]) · out[index[c,k]]
//   gate[c] = softmax(score[c]),   z[c,k] = in[index[c,k]] · x
// router.query and router.keys are those of product_key_value in key_router.h; experts.in and
// experts.out [F,D].
enum { QUERY, KEYS, IN, OUT };
enum { ONE_POOL = 1 };

// PEER has this router, whatever the config says.
static Config with_router(const Config *config) {
    Config out = *config;
    out.router = ROUTER_PRODUCT_KEY_VALUE;
    return out;
}

static bool peer_valid(const Config *config, Error *error) {
    Config own = with_router(config);
    return key_router_valid(&own, error);
}

static void peer_declare(Tensors *tensors, const Config *config, const char *prefix) {
    Config own = with_router(config);
    key_router_declare(tensors, &own, prefix);
    tensors_add(tensors, prefix, "experts.in", INIT_LECUN, config->F, true, 2,
                (int[]){ config->F, config->D });
    tensors_add(tensors, prefix, "experts.out", INIT_LECUN, config->F, true, 2,
                (int[]){ config->F, config->D });
}

static size_t peer_saved(const Config *config, int N) {
    Config own = with_router(config);
    NeuronSaved unused;
    return neuron_saved_layout(&unused, NULL, &own, N, true);
}
static size_t peer_scratch(const Config *config, int N, int threads) {
    Config own = with_router(config);
    NeuronScratch unused;
    return neuron_scratch_layout(&unused, NULL, &own, N, threads);
}
static Gating peer_gating(const Config *config, float *block, int N) {
    Config own = with_router(config);
    NeuronSaved saved;
    neuron_saved_layout(&saved, block, &own, N, true);
    return saved.gating;
}

// gate [K] = softmax(score); 0 where a hook silenced the entry, even if it silenced all of them.
static void head_gates(float *gate, const float *score, int K) {
    memcpy(gate, score, (size_t)K * sizeof *gate);
    softmax_row(gate, K);
    for (int k = 0; k < K; k++) {
        if (score[k] == -INFINITY) gate[k] = 0.0f;
    }
}

// One head of one token.
static void weigh_head(const NeuronSaved *saved, int row, int K) {
    size_t first = (size_t)row * K;
    head_gates(saved->gate + first, saved->gating.score + first, K);
    for (size_t e = first; e < first + K; e++)
        saved->weight[e] = saved->gate[e] * gelu(saved->z[e]);
}

static void peer_forward(const FfnCall *call) {
    Config own = with_router(call->config);
    int N = call->B * call->T, K = own.K, rows = N * own.C;
    NeuronSaved saved;
    neuron_saved_layout(&saved, call->saved, &own, N, true);
    KeyRouter router = { &own, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    saved.gating.key_scores = hooks_key_scores(call->hooks);
    key_router_forward(&saved.gating, saved.key_router, call->x, &router, call->scratch);
    ffn_call_hooks(call, &saved.gating);

    neuron_experts_dot(saved.z, call->x, ffn_parameter(call, IN), &saved.gating, ONE_POOL, own.D);
    if (N == 1) {
        for (int row = 0; row < rows; row++) weigh_head(&saved, row, K);
    } else {
#pragma omp parallel for
        for (int row = 0; row < rows; row++) weigh_head(&saved, row, K);
    }
    neuron_experts_sum(call->y, saved.weight, ffn_parameter(call, OUT), &saved.gating, ONE_POOL,
                       own.D);
}

// One head of one token. With dweight = out·dy: dgate = gelu(z)·dweight, dz =
// gate·gelu'(z)·dweight, and through the softmax dscore = gate·(dgate − Σ gate·dgate).
static void gates_backward(float *dscore, float *dz, const float *dweight, const float *gate,
                           const float *z, int K) {
    float mean = 0.0f;
    for (int k = 0; k < K; k++) {
        dscore[k] = gelu(z[k]) * dweight[k];
        dz[k] = gate[k] * gelu_derivative(z[k]) * dweight[k];
        mean += gate[k] * dscore[k];
    }
    for (int k = 0; k < K; k++) dscore[k] = gate[k] * (dscore[k] - mean);
}

static void peer_backward(const FfnCall *call) {
    Config own = with_router(call->config);
    int N = call->B * call->T, D = own.D, K = own.K, rows = N * own.C;
    NeuronSaved saved;
    NeuronScratch scratch;
    neuron_saved_layout(&saved, call->saved, &own, N, true);
    neuron_scratch_layout(&scratch, call->scratch, &own, N, 1);
    const Gating *gating = &saved.gating;

    neuron_experts_dot(scratch.dweight, call->dy, ffn_parameter(call, OUT), gating, ONE_POOL, D);
#pragma omp parallel for
    for (int row = 0; row < rows; row++) {
        size_t first = (size_t)row * K;
        gates_backward(scratch.dscore + first, scratch.dz + first, scratch.dweight + first,
                       saved.gate + first, saved.z + first, K);
    }
    neuron_experts_sort(&scratch.order, gating, ONE_POOL);
    neuron_experts_gradient(ffn_gradient(call, OUT), saved.weight, call->dy, &scratch.order, gating,
                            ONE_POOL, D);
    neuron_experts_gradient(ffn_gradient(call, IN), scratch.dz, call->x, &scratch.order, gating,
                            ONE_POOL, D);
    neuron_experts_sum(call->dx, scratch.dz, ffn_parameter(call, IN), gating, ONE_POOL, D);
    KeyRouter router = { &own, ffn_parameter(call, QUERY), ffn_parameter(call, KEYS) };
    KeyRouterGradients gradients = { ffn_gradient(call, QUERY), ffn_gradient(call, KEYS) };
    key_router_backward(call->dx, &gradients, scratch.dscore, gating, saved.key_router, call->x,
                        &router, scratch.key_router);
}

// Active per token: at most C·K rows of each table, fewer if heads choose the same expert. Each
// weight of the router and of the chosen experts takes part in one multiplication and addition per
// token.
static Cost peer_cost(const Config *config, int T) {
    Config own = with_router(config);
    double C = own.C, F = own.F, K = own.K, D = own.D;
    double router = key_router_flops(&own) / 2.0, experts = 2.0 * F * D, chosen = 2.0 * C * K * D;
    return (Cost){ .parameters = router + experts,
                   .active_parameters = router + fmin(chosen, experts),
                   .flops = T * 2.0 * (router + chosen),
                   .bytes = 4.0 * (router + T * chosen) };
}

static void peer_scale(char out[SCALE_SETTINGS_SIZE], int s, int divisor) {
    int n = 32 + 24 * s;
    snprintf(out, SCALE_SETTINGS_SIZE, "F=%d C=%d K=8 Dk=%d", n * n, 16 / divisor, 128 / divisor);
}

const Ffn peer_ffn = {
    .kind = { .name = "peer",
              .summary = "sparse: C heads choose K one-neuron experts each out of one pool of F",
              .sparse = true,
              .shared_experts = true,
              .settings = "F C K Dk",
              .valid = peer_valid,
              .presets = { { "tiny", "F=49 C=2 K=3 Dk=8" },
                           { "demo", "F=1024 C=4 K=8 Dk=64" },
                           { "laptop", "F=2304 C=4 K=8 Dk=64" },
                           { "tinystories", "F=1024 C=8 K=8 Dk=128" } },
              .scale = peer_scale },
    .declare = peer_declare,
    .saved = peer_saved,
    .scratch = peer_scratch,
    .forward = peer_forward,
    .backward = peer_backward,
    .gating = peer_gating,
    .cost = peer_cost
};
