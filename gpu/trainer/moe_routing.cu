#include "gpu/02_mixture_of_experts/router_3_group.cuh"
#include "gpu/03_who_chooses/list.cuh"
#include "gpu/03_who_chooses/scores.cuh"
#include "gpu/03_who_chooses/select_5_grid.cuh"
#include "moe_routing.cuh"

static float alpha_of(const Config *config) {
    return config->routing == ROUTING_UNIFIED ? (float)config->alpha : 0.0f;
}

static PoolKind pools_of(const Config *config) {
    if (config->routing == ROUTING_EXPERT) return EXPERT_POOLS;
    return config->pool == POOL_SEQUENCE ? SEQUENCE_POOLS : STEP_POOLS;
}

bool device_routing_valid(const Config *config, Error *error) {
    const char *refusal =
        refuse_pools({ pools_of(config), config->T, config->T, config->E, 0.0, nullptr, nullptr });
    if (config->routing == ROUTING_TOKEN)
        refusal = refuse_token_choice(config->T, config->E, config->K);
    return refusal == NULL || fail(error, "this device cannot do that: %s", refusal);
}

// Of selections from pools: the scores, the lowest key that each pool takes, what finds it (see
// select_5_grid.cuh), and what lists the entries.
struct PoolScratch {
    float *score; // [N,E]
    Key *least;   // [pools], of which there are at most N + E
    void *search;
    int *list;
};
static size_t scratch_layout(PoolScratch *out, float *block, const Config *config, int N) {
    size_t used = 0, E = (size_t)config->E, words = sizeof(Key) / sizeof(float);
    out->score = floats_take(block, &used, (size_t)N * E);
    out->least = (Key *)floats_take(block, &used, words * ((size_t)N + E));
    out->search = floats_take(block, &used, E * (BINS + sizeof(Search) / sizeof(int)));
    out->list = (int *)floats_take(block, &used, list_scratch(N));
    return used;
}
size_t device_routing_scratch(const Config *config, int N) {
    PoolScratch unused;
    return scratch_layout(&unused, NULL, config, N);
}

static void choose_in_pools(const Gpu *gpu, Gating *gating, const DeviceRouting *routing,
                            float *scratch) {
    const Config *config = routing->config;
    bool by_expert = config->routing == ROUTING_EXPERT;
    int N = gating->N, E = config->E;
    PoolScratch own;
    scratch_layout(&own, scratch, config, N);
    CHECK(unified_scores(routing->p, routing->log_sum, own.score, routing->logits, alpha_of(config),
                         N, E, gpu->stream));
    Pools pools = { pools_of(config),
                    N,
                    routing->T,
                    E,
                    by_expert ? config->capacity : config_budget(config),
                    own.score,
                    routing->tokens };
    CHECK(select_grid(own.least, pools, own.search, gpu->stream));
    CHECK(list_entries(gating->start, gating->index, gating->score, own.least, pools, own.list,
                       gpu->stream));
}

void device_routing_select(const Gpu *gpu, Gating *gating, const DeviceRouting *routing,
                           float *scratch) {
    const Config *config = routing->config;
    if (config->routing != ROUTING_TOKEN) {
        choose_in_pools(gpu, gating, routing, scratch);
        return;
    }
    TokenChoice choice = { routing->p, routing->log_sum, gating->start, gating->index,
                           gating->score };
    CHECK(router_group(&choice, routing->logits, routing->bias, gating->N, config->E, config->K,
                       gpu->stream));
}

void device_routing_backward(const Gpu *gpu, float *dlogits, const float *dweight,
                             const Gating *gating, const DeviceRouting *routing) {
    int N = gating->N, E = gating->F;
    float alpha = alpha_of(routing->config);
    if (alpha > 0.0f) {
        CHECK(unified_scores_backward(dlogits, dweight, routing->p, routing->logits, gating->start,
                                      gating->index, alpha, N, E, gpu->stream));
    } else {
        CHECK(router_backward(dlogits, dweight, routing->p, gating->start, gating->index, 1.0f, N,
                              E, gpu->stream));
    }
}
