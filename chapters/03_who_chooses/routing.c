#include "chapters/03_who_chooses/routing.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/02_mixture_of_experts/top_k.h"
#include <math.h>

// ---- scores

// [scores
void unified_scores(double *score, const double *logits, const double *p, double alpha, int N,
                    int E) {
    for (size_t i = 0; i < (size_t)N * E; i++) {
        double q = sigmoid(logits[i]) * 2.0 / E;
        score[i] = (1.0 - alpha) * p[i] + alpha * q;
    }
}

void unified_scores_backward(double *dlogits, const double *dscore, const double *logits,
                             const double *p, double alpha, int N, int E) {
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E;
        softmax_row_backward(dlogits + row, dscore + row, p + row, E);
        for (size_t i = row; i < row + E; i++) {
            double s = sigmoid(logits[i]), dq = alpha * dscore[i];
            dlogits[i] = (1.0 - alpha) * dlogits[i] + dq * s * (1.0 - s) * 2.0 / E;
        }
    }
}
// scores]

// ---- pools

// [capacity
int pool_capacity(const RoutingRule *rule, int tokens, int E) {
    bool column = rule->kind == EXPERT_CHOICE;
    int cells = column ? tokens : tokens * E;
    double capacity = column ? floor(tokens * rule->budget / E) : rint(tokens * rule->budget);
    return capacity < cells ? (int)capacity : cells;
}
// capacity]

int routed_entries(const RoutingRule *rule, int B, int T, int E) {
    switch (rule->kind) {
    case TOKEN_CHOICE: return B * T * pool_capacity(rule, 1, E);
    case EXPERT_CHOICE: return E * pool_capacity(rule, B * T, E);
    case UNIFIED_SEQUENCE: return B * pool_capacity(rule, T, E);
    default: return T * pool_capacity(rule, B, E);
    }
}

// [pool_of
// The pool of one cell of the table [B,T,E], and how many pools there are.
static int pool_of(int cell, RoutingKind kind, int T, int E) {
    int expert = cell % E, token = cell / E;
    switch (kind) {
    case TOKEN_CHOICE: return token;
    case EXPERT_CHOICE: return expert;
    case UNIFIED_SEQUENCE: return token / T;
    default: return token % T;
    }
}

static int pool_count(RoutingKind kind, int B, int T, int E) {
    const int counts[ROUTING_KINDS] = { B * T, E, B, T };
    return counts[kind];
}
// pool_of]

// Appends each token's chosen cells to the gating, highest first.
static void list_chosen(MoeGating *gating, const int *chosen, const RoutingTable *table) {
    int N = table->B * table->T, E = table->E;
    gating->N = N;
    gating->start[0] = 0;
    for (int t = 0; t < N; t++) {
        int first = gating->start[t], end = first;
        for (int e = 0; e < E; e++) {
            size_t cell = (size_t)t * E + e;
            double score = table->score[cell];
            if (!chosen[cell]) continue;
            int i = end++;
            for (; i > first; i--) {
                if (!ranks_higher(score, e, gating->weight[i - 1], gating->index[i - 1])) break;
                gating->weight[i] = gating->weight[i - 1];
                gating->index[i] = gating->index[i - 1];
            }
            gating->weight[i] = score;
            gating->index[i] = e;
        }
        gating->start[t + 1] = end;
    }
}

// [route_tokens
void route_tokens(MoeGating *gating, double *scratch, int *ints, const RoutingTable *table,
                  const RoutingRule *rule) {
    int B = table->B, T = table->T, E = table->E, size = B * T * E;
    int *chosen = ints, *cells = chosen + size, *best = cells + size;
    for (int i = 0; i < size; i++) chosen[i] = 0;
    for (int pool = 0; pool < pool_count(rule->kind, B, T, E); pool++) {
        int count = 0;
        for (int i = 0; i < size; i++) { // this pool's cells, in the order of the table
            if (pool_of(i, rule->kind, T, E) != pool) continue;
            if (table->pad != NULL && table->pad[i / E]) continue;
            scratch[count] = table->score[i];
            cells[count++] = i;
        }
        int tokens = rule->kind == EXPERT_CHOICE ? count : count / E;
        int capacity = pool_capacity(rule, tokens, E);
        if (capacity > 0) top_k(best, scratch, count, capacity);
        for (int k = 0; k < capacity; k++) chosen[cells[best[k]]] = 1;
    }
    list_chosen(gating, chosen, table);
}
// route_tokens]

void route_tokens_backward(double *dscore, const double *dweight, const MoeGating *gating, int E) {
    for (int t = 0; t < gating->N; t++) {
        double *row = dscore + (size_t)t * E;
        for (int e = 0; e < E; e++) row[e] = 0.0;
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++)
            row[gating->index[i]] = dweight[i];
    }
}

// ---- the layer

size_t routed_tokens_doubles(const RoutedMoe *layer, int B, int T) {
    const Moe *m = &layer->m;
    return 4 * (size_t)B * T * m->E + routed_entries(&layer->rule, B, T, m->E) * (1 + moe_saved(m));
}

size_t routed_tokens_ints(const RoutedMoe *layer, int B, int T) {
    int E = layer->m.E;
    return 3 * (size_t)B * T * E + (size_t)B * T + 1 + routed_entries(&layer->rule, B, T, E);
}

RoutedTokens routed_tokens(double *doubles, int *ints, const RoutedMoe *layer, int B, int T) {
    size_t N = (size_t)B * T, table = N * layer->m.E;
    RoutedTokens tokens = { .score = doubles, .pool = doubles + table, .ints = ints };
    MoeTokens *moe = &tokens.moe;
    moe->logits = doubles + 2 * table;
    moe->p = moe->logits + table;
    moe->gating = (MoeGating){ .N = (int)N, .start = ints + 3 * table, .weight = moe->p + table };
    moe->gating.index = moe->gating.start + N + 1;
    moe->experts = moe->gating.weight + routed_entries(&layer->rule, B, T, layer->m.E);
    return tokens;
}

// [layer
void routed_forward(double *y, RoutedTokens *tokens, const double *x, const bool *pad,
                    const MoeWeights *w, const RoutedMoe *layer, int B, int T) {
    int N = B * T, E = layer->m.E;
    MoeTokens *moe = &tokens->moe;
    const RoutingTable table = { B, T, E, tokens->score, pad };
    moe_logits(moe->logits, moe->p, x, w->router, N, &layer->m);
    unified_scores(tokens->score, moe->logits, moe->p, layer->rule.alpha, N, E);
    route_tokens(&moe->gating, tokens->pool, tokens->ints, &table, &layer->rule);
    moe_experts(y, moe, x, w, &layer->m);
}
// layer]

void routed_backward(double *dx, const MoeWeights *dw, double *scratch, const double *dy,
                     const RoutedTokens *tokens, const double *x, const MoeWeights *w,
                     const RoutedMoe *layer) {
    const Moe *m = &layer->m;
    const MoeTokens *moe = &tokens->moe;
    int N = moe->gating.N, E = m->E;
    double *dscore = scratch;
    MoeScratch s = moe_scratch(dscore + (size_t)N * E, m, N, moe->gating.start[N]);
    for (size_t i = 0; i < (size_t)N * m->D; i++) dx[i] = 0.0;
    moe_experts_backward(dx, dw, &s, dy, moe, x, w, m);
    route_tokens_backward(dscore, s.dweight, &moe->gating, E);
    unified_scores_backward(s.dlogits, dscore, moe->logits, moe->p, layer->rule.alpha, N, E);
    moe_logits_backward(dx, dw->router, s.dtoken, s.dlogits, x, w->router, N, m);
}

size_t routed_scratch(const RoutedMoe *layer, int B, int T) {
    int N = B * T, E = layer->m.E;
    return (size_t)N * E + moe_scratch_doubles(&layer->m, N, routed_entries(&layer->rule, B, T, E));
}
