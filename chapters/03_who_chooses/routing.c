#include "chapters/03_who_chooses/routing.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
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

// [places
int pool_capacity(const RoutingRule *rule, int tokens, int E) {
    bool column = rule->kind == EXPERT_CHOICE;
    int cells = column ? tokens : tokens * E;
    // rint: half to even
    double wanted = column ? floor(tokens * rule->budget / E) : rint(tokens * rule->budget);
    return wanted < cells ? (int)wanted : cells;
}
// places]

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

// Each token's chosen cells as its part of the list, highest first.
static void list_chosen(MoeGating *gating, const int *chosen, const double *score, int N, int E) {
    gating->N = N;
    gating->start[0] = 0;
    for (int t = 0; t < N; t++) {
        int first = gating->start[t], end = first;
        for (int e = 0; e < E; e++) {
            size_t cell = (size_t)t * E + e;
            if (!chosen[cell]) continue;
            int place = end++;
            for (; place > first; place--) {
                if (!ranks_higher(score[cell], e, gating->weight[place - 1],
                                  gating->index[place - 1]))
                    break;
                gating->weight[place] = gating->weight[place - 1];
                gating->index[place] = gating->index[place - 1];
            }
            gating->weight[place] = score[cell];
            gating->index[place] = e;
        }
        gating->start[t + 1] = end;
    }
}

// [route_tokens
void route_tokens(MoeGating *gating, double *scratch, int *ints, const double *score,
                  const bool *pad, const RoutingRule *rule, int B, int T, int E) {
    int table = B * T * E, *chosen = ints, *cells = chosen + table, *best = cells + table;
    for (int i = 0; i < table; i++) chosen[i] = 0;
    for (int pool = 0; pool < pool_count(rule->kind, B, T, E); pool++) {
        int count = 0;
        for (int i = 0; i < table; i++) { // this pool's cells, in the table's order
            if (pool_of(i, rule->kind, T, E) != pool || (pad != NULL && pad[i / E])) continue;
            scratch[count] = score[i];
            cells[count++] = i;
        }
        int places = pool_capacity(rule, rule->kind == EXPERT_CHOICE ? count : count / E, E);
        if (places > 0) top_k(best, scratch, count, places);
        for (int k = 0; k < places; k++) chosen[cells[best[k]]] = 1;
    }
    list_chosen(gating, chosen, score, B * T, E);
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

size_t routed_tokens_doubles(const RoutingRule *rule, const Moe *m, int B, int T) {
    return 4 * (size_t)B * T * m->E + routed_entries(rule, B, T, m->E) * (1 + moe_saved(m));
}

size_t routed_tokens_ints(const RoutingRule *rule, const Moe *m, int B, int T) {
    return 3 * (size_t)B * T * m->E + (size_t)B * T + 1 + routed_entries(rule, B, T, m->E);
}

RoutedTokens routed_tokens(double *doubles, int *ints, const RoutingRule *rule, const Moe *m, int B,
                           int T) {
    size_t N = (size_t)B * T, table = N * m->E;
    RoutedTokens tokens = {
        .logits = doubles, .p = doubles + table, .score = doubles + 2 * table, .ints = ints
    };
    tokens.scratch = doubles + 3 * table;
    tokens.gating =
        (MoeGating){ .N = (int)N, .start = ints + 3 * table, .weight = doubles + 4 * table };
    tokens.gating.index = tokens.gating.start + N + 1;
    tokens.experts = tokens.gating.weight + routed_entries(rule, B, T, m->E);
    return tokens;
}

// [layer
void routed_forward(double *y, RoutedTokens *tokens, const double *x, const bool *pad,
                    const MoeWeights *w, const RoutingRule *rule, const Moe *m, int B, int T) {
    int N = B * T, E = m->E;
    moe_logits(tokens->logits, tokens->p, x, w->router, N, m);
    unified_scores(tokens->score, tokens->logits, tokens->p, rule->alpha, N, E);
    route_tokens(&tokens->gating, tokens->scratch, tokens->ints, tokens->score, pad, rule, B, T, E);
    moe_experts(y, tokens->experts, &tokens->gating, x, w, m);
}
// layer]

void routed_backward(double *dx, const MoeWeights *gradient, double *scratch, const double *dy,
                     const RoutedTokens *tokens, const double *x, const MoeWeights *w,
                     const RoutingRule *rule, const Moe *m) {
    int N = tokens->gating.N, E = m->E;
    double *dlogits = scratch, *dscore = dlogits + (size_t)N * E, *dweight = dscore + (size_t)N * E;
    double *rest = dweight + tokens->gating.start[N];
    for (size_t i = 0; i < (size_t)N * m->D; i++) dx[i] = 0.0;
    moe_experts_backward(dx, dweight, gradient, rest, dy, tokens->experts, &tokens->gating, x, w,
                         m);
    route_tokens_backward(dscore, dweight, &tokens->gating, E);
    unified_scores_backward(dlogits, dscore, tokens->logits, tokens->p, rule->alpha, N, E);
    moe_logits_backward(dx, gradient->router, rest, dlogits, x, w->router, N, m);
}

size_t routed_scratch(const RoutingRule *rule, const Moe *m, int B, int T) {
    return 2 * (size_t)B * T * m->E + routed_entries(rule, B, T, m->E) + moe_scratch(m);
}
