#include "reference/ffn/expert_sort.h"
#include "reference/ffn/ffn.h"
#include "reference/ffn/glu.h"
#include "reference/ffn/moe_balance.h"
#include "reference/ffn/moe_routing.h"
#include "reference/numbers/dot.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/vector.h"
#include <stdio.h>

// Mixture of experts (chapters 02 and 03): the logits of a router decide which of E GLUs each token
// goes through, and with which weight:
//   logits = x router;   y = Σ over the token's entries of score · GLU_index(x)
// The tokens of an expert are gathered, so that an expert is a GLU on contiguous rows.
// router [D,E], experts.up [E,D,2F], .up_bias [E,2F], .down [E,F,D], .down_bias [E,D]; with the
// balancing bias also router_bias [E], which only takes part in the choice and has no gradient.
enum { ROUTER, UP, UP_BIAS, DOWN, DOWN_BIAS, ROUTER_BIAS };

static bool has_bias(const Config *config) {
    return config->routing == ROUTING_TOKEN && config->bias_step > 0.0;
}
static bool has_losses(const Config *config) {
    return config->routing == ROUTING_TOKEN && (config->switch_loss > 0.0 || config->z_loss > 0.0);
}

static bool moe_valid(const Config *config, Error *error) {
    int E = config->E, T = config->T;
    if (config->routing != ROUTING_EXPERT && config_budget(config) > E) {
        return fail(error, "K=%g is more than the E=%d experts: use --set K=%d or a larger E",
                    config_budget(config), E, E);
    }
    if (config->routing == ROUTING_UNIFIED && !(config->alpha >= 0.0 && config->alpha <= 1.0)) {
        return fail(error, "alpha=%g: expected a number from 0 to 1", config->alpha);
    }
    if (config->routing != ROUTING_EXPERT) return true;
    if (!(config->capacity <= E)) {
        return fail(
            error,
            "capacity=%g is more than E=%d, where every expert takes every token: use --set "
            "capacity=%d or less",
            config->capacity, E, E);
    }
    if (!(T * config->capacity / E >= 1.0)) {
        return fail(error,
                    "capacity=%g: no expert would take any of a row's T=%d tokens: use --set "
                    "capacity=%.3g or more",
                    config->capacity, T, (double)E / T);
    }
    return true;
}

static void moe_declare(Tensors *tensors, const Config *config, const char *prefix) {
    int D = config->D, F = config->F, E = config->E;
    tensors_add(tensors, prefix, "router", INIT_LECUN, D, true, 2, (int[]){ D, E });
    tensors_add(tensors, prefix, "experts.up", INIT_LECUN, D, true, 3, (int[]){ E, D, 2 * F });
    tensors_add(tensors, prefix, "experts.up_bias", INIT_ZERO, 0, false, 2, (int[]){ E, 2 * F });
    tensors_add(tensors, prefix, "experts.down", INIT_LECUN, F, true, 3, (int[]){ E, F, D });
    tensors_add(tensors, prefix, "experts.down_bias", INIT_ZERO, 0, false, 2, (int[]){ E, D });
    if (has_bias(config))
        tensors_add(tensors, prefix, "router_bias", INIT_ZERO, 0, false, 1, (int[]){ E });
}

// ---- memory. R: the capacity of the gating, and as many rows of the experts' matrices

typedef struct {
    Gating gating;
    float *logits, *p;      // [N,E]
    float *log_sum;         // [N]
    GluActivations experts; // [R,2F], [R,F]
    float *out;             // [R,D]: outputs of the experts
} MoeSaved;

static size_t saved_layout(MoeSaved *saved, float *block, const Config *config, int N) {
    size_t used = 0, R = moe_routing_entries(config, N), F = (size_t)config->F,
           table = (size_t)N * config->E;
    int K = config->routing == ROUTING_EXPERT ? (int)config->capacity : config->K;
    saved->gating =
        (Gating){ .N = N, .C = 1, .K = K, .F = config->E, .capacity = R, .keys = config->E };
    saved->gating.start = (int32_t *)floats_take(block, &used, (size_t)N + 1);
    saved->gating.index = (int32_t *)floats_take(block, &used, R);
    saved->gating.score = floats_take(block, &used, R);
    saved->logits = floats_take(block, &used, table);
    saved->p = floats_take(block, &used, table);
    saved->log_sum = floats_take(block, &used, (size_t)N);
    saved->experts.gate_up = floats_take(block, &used, 2 * R * F);
    saved->experts.hidden = floats_take(block, &used, R * F);
    saved->out = floats_take(block, &used, R * config->D);
    return used;
}

typedef struct {
    int32_t *place;          // [R]: the row of each entry
    int32_t *first;          // [E+1]: where an expert's rows begin
    int32_t *count;          // [E]: tokens of an expert
    float *x, *dy, *dx;      // [R,D]: rows of the experts
    GluActivations dexperts; // [R,2F], [R,F]
    float *table;            // [N,E]: scores, or their gradients
    uint32_t *keys;          // [N,E]
} MoeScratch;

static size_t scratch_layout(MoeScratch *scratch, float *block, const Config *config, int N) {
    size_t used = 0, R = moe_routing_entries(config, N), D = (size_t)config->D,
           F = (size_t)config->F;
    scratch->place = (int32_t *)floats_take(block, &used, R);
    scratch->first = (int32_t *)floats_take(block, &used, (size_t)config->E + 1);
    scratch->count = (int32_t *)floats_take(block, &used, (size_t)config->E);
    scratch->table = floats_take(block, &used, (size_t)N * config->E);
    scratch->keys = (uint32_t *)floats_take(block, &used, (size_t)N * config->E);
    scratch->x = floats_take(block, &used, R * D);
    scratch->dy = floats_take(block, &used, R * D);
    scratch->dx = floats_take(block, &used, R * D);
    scratch->dexperts.gate_up = floats_take(block, &used, 2 * R * F);
    scratch->dexperts.hidden = floats_take(block, &used, R * F);
    return used;
}

static size_t moe_saved(const Config *config, int N) {
    MoeSaved unused;
    return saved_layout(&unused, NULL, config, N);
}
static size_t moe_scratch(const Config *config, int N, int threads) {
    (void)threads;
    MoeScratch unused;
    return scratch_layout(&unused, NULL, config, N);
}
static Gating moe_gating(const Config *config, float *block, int N) {
    MoeSaved saved;
    saved_layout(&saved, block, config, N);
    return saved.gating;
}

// ---- the experts' rows

// The experts' rows are the gating's entries, sorted by expert.
static void sort_entries(const MoeScratch *rows, const Gating *gating) {
    sort_by_expert(rows->first, NULL, rows->place,
                   &(ExpertEntries){ .index = gating->index,
                                     .rows = 1,
                                     .count = gating_entries(gating),
                                     .F = gating->F });
}

static void gather_inputs(const MoeScratch *rows, const Gating *gating, const float *x, int D) {
#pragma omp parallel for if (gating->N > 1)
    for (int t = 0; t < gating->N; t++) {
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) {
            memcpy(rows->x + (size_t)rows->place[i] * D, x + (size_t)t * D, (size_t)D * sizeof *x);
        }
    }
}

static Glus experts_of(const FfnCall *call, const MoeScratch *rows) {
    return (Glus){ .E = call->config->E,
                   .D = call->config->D,
                   .F = call->config->F,
                   .first = rows->first,
                   .up = ffn_parameter(call, UP),
                   .up_bias = ffn_parameter(call, UP_BIAS),
                   .down = ffn_parameter(call, DOWN),
                   .down_bias = ffn_parameter(call, DOWN_BIAS) };
}

// ---- forward

static MoeRouting routing_of(const FfnCall *call, const MoeSaved *saved) {
    return (MoeRouting){ .config = call->config,
                         .B = call->B,
                         .T = call->T,
                         .tokens = call->tokens,
                         .logits = saved->logits,
                         .bias = has_bias(call->config) ? ffn_parameter(call, ROUTER_BIAS) : NULL,
                         .p = saved->p,
                         .log_sum = saved->log_sum };
}

static void route(const FfnCall *call, MoeSaved *saved, const MoeScratch *scratch) {
    int N = call->B * call->T, D = call->config->D, E = call->config->E;
    MoeRouting routing = routing_of(call, saved);
    linear_forward(saved->logits, call->x, ffn_parameter(call, ROUTER), N, D, E);
    saved->gating.key_scores = hooks_key_scores(call->hooks);
    if (saved->gating.key_scores != NULL)
        memcpy(saved->gating.key_scores, saved->logits, (size_t)N * E * sizeof(float));
    moe_routing_softmax(&routing);
    moe_routing_select(&saved->gating, &routing, scratch->table, scratch->keys);
    ffn_call_hooks(call, &saved->gating);
    if (call->loss == NULL || !has_losses(call->config)) return;
    int n = moe_balance_count(scratch->count, &saved->gating, &routing);
    *call->loss += moe_balance_loss(scratch->count, n, &routing);
}

// y of each token is the weighted sum of its entries' rows, zero for a token without an expert.
static void combine(float *y, const float *out, const MoeScratch *rows, const Gating *gating,
                    int D) {
#pragma omp parallel for if (gating->N > 1)
    for (int t = 0; t < gating->N; t++) {
        memset(y + (size_t)t * D, 0, (size_t)D * sizeof *y);
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) {
            add_row(y + (size_t)t * D, gating->score[i], out + (size_t)rows->place[i] * D, D);
        }
    }
}

static void moe_forward(const FfnCall *call) {
    const Config *config = call->config;
    int N = call->B * call->T, D = config->D;
    MoeSaved saved;
    MoeScratch scratch;
    saved_layout(&saved, call->saved, config, N);
    scratch_layout(&scratch, call->scratch, config, N);
    route(call, &saved, &scratch);
    sort_entries(&scratch, &saved.gating);
    gather_inputs(&scratch, &saved.gating, call->x, D);
    Glus experts = experts_of(call, &scratch);
    glus_forward(saved.out, &saved.experts, scratch.x, &experts);
    combine(call->y, saved.out, &scratch, &saved.gating, D);
}

// ---- backward

// dy of every row, weighted, and in the table the gradient of each score, dy · out.
static void gather_gradients(const MoeScratch *rows, const Gating *gating, const float *dy,
                             const float *out, int D) {
    int E = gating->F;
#pragma omp parallel for
    for (int t = 0; t < gating->N; t++) {
        memset(rows->table + (size_t)t * E, 0, (size_t)E * sizeof *rows->table);
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) {
            size_t row = (size_t)rows->place[i] * D;
            const float *dyt = dy + (size_t)t * D;
            rows->table[(size_t)t * E + gating->index[i]] += dot(dyt, out + row, D);
            for (int d = 0; d < D; d++) rows->dy[row + d] = gating->score[i] * dyt[d];
        }
    }
}

// dx of each token is the sum of its entries' rows.
static void sum_inputs(float *dx, const MoeScratch *rows, const Gating *gating, int D) {
#pragma omp parallel for
    for (int t = 0; t < gating->N; t++) {
        memset(dx + (size_t)t * D, 0, (size_t)D * sizeof *dx);
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) {
            add_row(dx + (size_t)t * D, 1.0f, rows->dx + (size_t)rows->place[i] * D, D);
        }
    }
}

static void moe_backward(const FfnCall *call) {
    const Config *config = call->config;
    int N = call->B * call->T, D = config->D, E = config->E;
    MoeSaved saved;
    MoeScratch scratch;
    saved_layout(&saved, call->saved, config, N);
    scratch_layout(&scratch, call->scratch, config, N);
    sort_entries(&scratch, &saved.gating);
    gather_inputs(&scratch, &saved.gating, call->x, D);
    gather_gradients(&scratch, &saved.gating, call->dy, saved.out, D);
    Glus experts = experts_of(call, &scratch);
    GluGradients gradients = { ffn_gradient(call, UP), ffn_gradient(call, UP_BIAS),
                               ffn_gradient(call, DOWN), ffn_gradient(call, DOWN_BIAS) };
    glus_backward(scratch.dx, &gradients, &scratch.dexperts, scratch.dy, scratch.x, &saved.experts,
                  &experts);
    sum_inputs(call->dx, &scratch, &saved.gating, D);

    MoeRouting routing = routing_of(call, &saved);
    moe_routing_backward(&routing, scratch.table);
    if (has_losses(config)) {
        int n = moe_balance_count(scratch.count, &saved.gating, &routing);
        moe_balance_backward(scratch.table, scratch.count, n, &routing);
    }
    if (has_bias(config)) memset(ffn_gradient(call, ROUTER_BIAS), 0, (size_t)E * sizeof(float));
    linear_weight_gradient(ffn_gradient(call, ROUTER), call->x, scratch.table, N, D, E);
    linear_input_gradient(call->dx, scratch.table, ffn_parameter(call, ROUTER), N, D, E, true);
}

static void moe_after_step(const FfnCall *call, float *parameters) {
    if (!has_bias(call->config)) return;
    MoeSaved saved;
    MoeScratch scratch;
    saved_layout(&saved, call->saved, call->config, call->B * call->T);
    scratch_layout(&scratch, call->scratch, call->config, call->B * call->T);
    MoeRouting routing = routing_of(call, &saved);
    moe_balance_count(scratch.count, &saved.gating, &routing);
    moe_balance_bias(parameters + call->tensors[ROUTER_BIAS].offset, scratch.count,
                     call->config->bias_step, call->config->E);
}

static Causality moe_causality(const Config *config) {
    switch (config->routing) {
    case ROUTING_EXPERT: return DEPENDS_ON_BATCH;
    case ROUTING_UNIFIED:
        return config->pool == POOL_SEQUENCE ? DEPENDS_ON_SEQUENCE : DEPENDS_ON_STEP;
    default: return DEPENDS_ON_TOKEN;
    }
}

// ---- cost

static Cost moe_cost(const Config *config, int T) {
    double D = config->D, F = config->F, E = config->E, expert = 3 * D * F + 2 * F + D;
    // experts per token
    double each = config->routing == ROUTING_EXPERT ? config->capacity : config_budget(config);
    double router = D * E + (has_bias(config) ? E : 0.0);
    return (Cost){ .parameters = router + E * expert,
                   .active_parameters = router + each * expert,
                   .flops = 2.0 * T * D * E + 6.0 * T * each * D * F,
                   .bytes = 4.0 * (router + E * expert) };
}

static void moe_scale(char out[SCALE_SETTINGS_SIZE], int s, int divisor) {
    snprintf(out, SCALE_SETTINGS_SIZE, "F=%d E=16 K=2", 128 * s / divisor);
}

const Ffn moe_ffn = { .kind = { .name = "moe",
                                .summary = "sparse: K of E dense layers (glu), chosen by a router",
                                .sparse = true,
                                .ragged = true,
                                .shared_experts = true,
                                .settings = "F E K routing pool alpha capacity switch z bias",
                                .valid = moe_valid,
                                .presets = { { "tiny", "F=20 E=4 K=2" },
                                             { "demo", "F=168 E=8 K=2" },
                                             { "laptop", "F=256 E=8 K=2" },
                                             { "tinystories", "F=1024 E=8 K=2" } },
                                .scale = moe_scale },
                      .declare = moe_declare,
                      .saved = moe_saved,
                      .scratch = moe_scratch,
                      .forward = moe_forward,
                      .backward = moe_backward,
                      .gating = moe_gating,
                      .cost = moe_cost,
                      .causality = moe_causality,
                      .after_step = moe_after_step };
