#include "tests/chain/chapter_moe.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/03_who_chooses/routing.h"
#include <stdlib.h>
#include <string.h>

// A routing as chapter 03 describes it.
static RoutingRule rule_of(const Config *config) {
    bool sequence = config->pool == POOL_SEQUENCE;
    switch (config->routing) {
    case ROUTING_EXPERT: return (RoutingRule){ EXPERT_CHOICE, config->capacity, 0.0 };
    case ROUTING_UNIFIED:
        return (RoutingRule){ sequence ? UNIFIED_SEQUENCE : UNIFIED_STEP, config_budget(config),
                              config->alpha };
    default: return (RoutingRule){ TOKEN_CHOICE, config->K, 0.0 };
    }
}

// Token choice ranks by the logits (chapter 02), the others by the weights.
void chapter_moe_row(double *rank, double *weight, const Config *config, const double *logits) {
    RoutingRule rule = rule_of(config);
    softmax_row(rank, logits, config->E);
    unified_scores(weight, logits, rank, rule.alpha, 1, config->E);
    memcpy(rank, config->routing == ROUTING_TOKEN ? logits : weight,
           (size_t)config->E * sizeof *rank);
}

static double *parameter(const LayerNumbers *numbers, const char *name) {
    return numbers->parameters + tensors_find(&numbers->tensors, name)->offset;
}

static double *gradient(const LayerNumbers *numbers, const char *name) {
    return numbers->gradients + tensors_find(&numbers->tensors, name)->offset;
}

// What a run needs besides the numbers.
typedef struct {
    double *score, *dscore, *pool; // [N,E]
    int *ints;                     // scratch of chapter 03's route_tokens
    MoeTokens tokens;              // views of the numbers, and p, experts and ranking
    MoeScratch scratch;
} Memory;

static void memory_free(Memory *memory) {
    free(memory->score);
    free(memory->ints);
}

static bool memory_new(Memory *out, LayerNumbers *numbers, const Moe *m) {
    int N = numbers->N;
    size_t table = (size_t)N * m->E, entries = table; // at most every expert for every token
    size_t scratch = moe_scratch_doubles(m, N, (int)entries);
    out->score = malloc((5 * table + entries * moe_saved(m) + scratch) * sizeof *out->score);
    out->ints = malloc(3 * table * sizeof *out->ints);
    if (out->score == NULL || out->ints == NULL) return false;
    out->dscore = out->score + table;
    out->pool = out->dscore + table;
    out->tokens = (MoeTokens){ .logits = numbers->scores, .p = out->pool + table };
    out->tokens.gating = (MoeGating){
        .N = N, .start = numbers->start, .index = numbers->index, .weight = numbers->score
    };
    out->tokens.ranking = out->tokens.p + table;
    out->tokens.experts = out->tokens.ranking + table;
    out->scratch = moe_scratch(out->tokens.experts + entries * moe_saved(m), m, N, (int)entries);
    return true;
}

static void route(const LayerNumbers *numbers, Memory *memory, const Moe *m) {
    const Config *config = &numbers->config;
    RoutingRule rule = rule_of(config);
    MoeTokens *tokens = &memory->tokens;
    if (config->routing == ROUTING_TOKEN) {
        moe_route(&tokens->gating, tokens->ranking, tokens->logits, tokens->p, NULL, numbers->N, m);
        return;
    }
    unified_scores(memory->score, tokens->logits, tokens->p, rule.alpha, numbers->N, m->E);
    const RoutingTable table = { numbers->B, numbers->T, m->E, memory->score, NULL };
    route_tokens(&tokens->gating, memory->pool, memory->ints, &table, &rule);
}

static MoeWeights weights_of(const LayerNumbers *numbers,
                             double *(*find)(const LayerNumbers *, const char *)) {
    return (MoeWeights){ .router = find(numbers, "router"),
                         .experts = { find(numbers, "experts.up"), find(numbers, "experts.up_bias"),
                                      find(numbers, "experts.down"),
                                      find(numbers, "experts.down_bias") } };
}

static void run(LayerNumbers *numbers, Memory *memory, const Moe *m) {
    int N = numbers->N;
    MoeWeights w = weights_of(numbers, parameter), dw = weights_of(numbers, gradient);
    const MoeTokens *tokens = &memory->tokens;
    const MoeScratch *scratch = &memory->scratch;
    moe_logits(tokens->logits, tokens->p, numbers->x, w.router, N, m);
    if (!numbers->given) route(numbers, memory, m);
    moe_experts(numbers->y, tokens, numbers->x, &w, m);
    memset(numbers->dx, 0, (size_t)N * m->D * sizeof *numbers->dx);
    moe_experts_backward(numbers->dx, &dw, scratch, numbers->dy, tokens, numbers->x, &w, m);
    if (numbers->config.routing == ROUTING_TOKEN) {
        moe_route_backward(scratch->dlogits, scratch->dweight, &tokens->gating, tokens->p, m);
    } else {
        route_tokens_backward(memory->dscore, scratch->dweight, &tokens->gating, m->E);
        unified_scores_backward(scratch->dlogits, memory->dscore, tokens->logits, tokens->p,
                                rule_of(&numbers->config).alpha, N, m->E);
    }
    moe_logits_backward(numbers->dx, dw.router, scratch->dtoken, scratch->dlogits, numbers->x,
                        w.router, N, m);
}

bool chapter_moe_run(LayerNumbers *numbers, Error *error) {
    const Config *config = &numbers->config;
    Moe m = {
        .D = config->D, .F = config->F, .E = config->E, .K = config->K, .order = SOFTMAX_TOP_K
    };
    Memory memory = { 0 };
    bool ok = memory_new(&memory, numbers, &m) ||
              fail(error, "moe: out of memory for %d tokens", numbers->N);
    if (ok) run(numbers, &memory, &m);
    memory_free(&memory);
    return ok;
}
