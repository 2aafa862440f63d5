#include "chapters/02_mixture_of_experts/moe.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/02_mixture_of_experts/top_k.h"

// ---- step one: logits

// [logits
void moe_logits(double *logits, double *p, const double *x, const double *router, int N,
                const Moe *m) {
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * m->E;
        linear(logits + row, x + (size_t)t * m->D, router, m->D, m->E);
        softmax_row(p + row, logits + row, m->E);
    }
}
// logits]

static void add(double *sum, const double *part, int n) {
    for (int i = 0; i < n; i++) sum[i] += part[i];
}

void moe_logits_backward(double *dx, double *drouter, double *scratch, const double *dlogits,
                         const double *x, const double *router, int N, const Moe *m) {
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * m->D;
        linear_backward(scratch, drouter, dlogits + (size_t)t * m->E, x + row, router, m->D, m->E);
        add(dx + row, scratch, m->D);
    }
}

// ---- step two: the gating

// [weights
// weight [K] of the chosen experts index [K], in each of the three orders; logits [E] and p [E] are
// one token's.
static void weigh(double *weight, const int *index, const double *logits, const double *p,
                  const Moe *m) {
    double sum = 0.0;
    for (int k = 0; k < m->K; k++) {
        weight[k] = m->order == TOP_K_SOFTMAX ? logits[index[k]] : p[index[k]];
        sum += weight[k];
    }
    if (m->order == TOP_K_SOFTMAX) softmax_row(weight, weight, m->K);
    for (int k = 0; m->order == RENORMALISED && k < m->K; k++) weight[k] /= sum;
}
// weights]

// [route
void moe_route(MoeGating *gating, double *scratch, const double *logits, const double *p,
               const double *bias, int N, const Moe *m) {
    gating->N = N;
    gating->start[0] = 0;
    for (int t = 0; t < N; t++) {
        int first = gating->start[t], *index = gating->index + first;
        const double *own_logits = logits + (size_t)t * m->E, *own_p = p + (size_t)t * m->E;
        for (int e = 0; e < m->E; e++)
            scratch[e] = bias != NULL ? own_p[e] + bias[e] : own_logits[e];
        top_k(index, scratch, m->E, m->K);
        weigh(gating->weight + first, index, own_logits, own_p, m);
        gating->start[t + 1] = first + m->K;
    }
}
// route]

// One token: dlogits [E] from dweight [K].
static void weigh_backward(double *dlogits, const double *dweight, const int *index,
                           const double *weight, const double *p, const Moe *m) {
    double mean = 0.0, sum = 0.0;
    for (int k = 0; k < m->K; k++) {
        mean += weight[k] * dweight[k];
        sum += p[index[k]];
    }
    for (int e = 0; e < m->E; e++) dlogits[e] = 0.0;
    if (m->order == TOP_K_SOFTMAX) {
        for (int k = 0; k < m->K; k++) dlogits[index[k]] = weight[k] * (dweight[k] - mean);
        return;
    }
    for (int k = 0; k < m->K; k++) // dp first: weight is p, or p / sum of the chosen p
        dlogits[index[k]] = m->order == RENORMALISED ? (dweight[k] - mean) / sum : dweight[k];
    softmax_row_backward(dlogits, dlogits, p, m->E);
}

void moe_route_backward(double *dlogits, const double *dweight, const MoeGating *gating,
                        const double *p, const Moe *m) {
    for (int t = 0; t < gating->N; t++) {
        int first = gating->start[t];
        size_t row = (size_t)t * m->E;
        weigh_backward(dlogits + row, dweight + first, gating->index + first,
                       gating->weight + first, p + row, m);
    }
}

// ---- step three: the experts

// The weights of expert e alone.
static GluWeights expert_weights(const MoeWeights *w, int e, const Moe *m) {
    size_t D = (size_t)m->D, F = (size_t)m->F;
    const GluWeights *all = &w->experts;
    return (GluWeights){ all->up + e * D * 2 * F, all->up_bias + e * 2 * F, all->down + e * F * D,
                         all->down_bias + e * D };
}

// What one entry of the gating saves: what its expert saves, and the expert's output.
typedef struct {
    GluSaved glu;   // [2F], [F]
    double *answer; // [D]
} Entry;

size_t moe_saved(const Moe *m) { return 3 * (size_t)m->F + m->D; }

static Entry saved_entry(const MoeTokens *tokens, int i, const Moe *m) {
    double *gate_up = tokens->experts + i * moe_saved(m), *hidden = gate_up + 2 * m->F;
    return (Entry){ { gate_up, hidden }, hidden + m->F };
}

// [experts
void moe_experts(double *y, const MoeTokens *tokens, const double *x, const MoeWeights *w,
                 const Moe *m) {
    const DenseSizes sizes = { m->D, m->F };
    const MoeGating *gating = &tokens->gating;
    for (int t = 0; t < gating->N; t++) {
        size_t row = (size_t)t * m->D;
        for (int d = 0; d < m->D; d++) y[row + d] = 0.0;
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) {
            GluWeights expert = expert_weights(w, gating->index[i], m);
            Entry entry = saved_entry(tokens, i, m);
            glu_forward(entry.answer, &entry.glu, x + row, &expert, &sizes);
            for (int d = 0; d < m->D; d++) y[row + d] += gating->weight[i] * entry.answer[d];
        }
    }
}
// experts]

// [experts_backward
void moe_experts_backward(double *dx, const MoeWeights *dw, const MoeScratch *scratch,
                          const double *dy, const MoeTokens *tokens, const double *x,
                          const MoeWeights *w, const Moe *m) {
    const DenseSizes sizes = { m->D, m->F };
    const MoeGating *gating = &tokens->gating;
    double *danswer = scratch->danswer, *dweight = scratch->dweight;
    for (int t = 0; t < gating->N; t++) {
        size_t row = (size_t)t * m->D;
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) {
            GluWeights expert = expert_weights(w, gating->index[i], m),
                       dexpert = expert_weights(dw, gating->index[i], m);
            Entry entry = saved_entry(tokens, i, m);
            dweight[i] = 0.0;
            for (int d = 0; d < m->D; d++) {
                dweight[i] += entry.answer[d] * dy[row + d];
                danswer[d] = gating->weight[i] * dy[row + d];
            }
            glu_backward(scratch->dtoken, &dexpert, scratch->dglu, danswer, &entry.glu, x + row,
                         &expert, &sizes);
            add(dx + row, scratch->dtoken, m->D);
        }
    }
}
// experts_backward]

// ---- the layer

size_t moe_tokens_doubles(const Moe *m, int N) {
    return (size_t)N * (2 * (size_t)m->E + m->K * (1 + moe_saved(m))) + m->E;
}

size_t moe_tokens_ints(const Moe *m, int N) { return (size_t)N * (m->K + 1) + 1; }

MoeTokens moe_tokens(double *doubles, int *ints, const Moe *m, int N) {
    size_t scores = (size_t)N * m->E, entries = (size_t)N * m->K;
    MoeTokens tokens = { .logits = doubles, .p = doubles + scores };
    tokens.gating = (MoeGating){ N, ints, ints + N + 1, tokens.p + scores };
    tokens.experts = tokens.gating.weight + entries;
    tokens.ranking = tokens.experts + entries * moe_saved(m);
    return tokens;
}

size_t moe_scratch_doubles(const Moe *m, int N, int entries) {
    return (size_t)entries + (size_t)N * m->E + 2 * (size_t)m->D + 3 * (size_t)m->F;
}

MoeScratch moe_scratch(double *doubles, const Moe *m, int N, int entries) {
    MoeScratch scratch = { .dweight = doubles, .dlogits = doubles + entries };
    scratch.danswer = scratch.dlogits + (size_t)N * m->E;
    scratch.dtoken = scratch.danswer + m->D;
    scratch.dglu = scratch.dtoken + m->D;
    return scratch;
}

// [layer
void moe_forward(double *y, MoeTokens *tokens, const double *x, const MoeWeights *w, int N,
                 const Moe *m) {
    moe_logits(tokens->logits, tokens->p, x, w->router, N, m);
    moe_route(&tokens->gating, tokens->ranking, tokens->logits, tokens->p, w->bias, N, m);
    moe_experts(y, tokens, x, w, m);
}
// layer]

void moe_backward(double *dx, const MoeWeights *dw, const MoeScratch *scratch, const double *dy,
                  const MoeTokens *tokens, const double *x, const MoeWeights *w, const Moe *m) {
    int N = tokens->gating.N;
    for (size_t i = 0; i < (size_t)N * m->D; i++) dx[i] = 0.0;
    moe_experts_backward(dx, dw, scratch, dy, tokens, x, w, m);
    moe_route_backward(scratch->dlogits, scratch->dweight, &tokens->gating, tokens->p, m);
    moe_logits_backward(dx, dw->router, scratch->dtoken, scratch->dlogits, x, w->router, N, m);
}
