#include "chapters/02_mixture_of_experts/moe.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
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
// weight [K] of the chosen experts index [K], in each of the three orders; logits and p are one
// token's [E].
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

// [choose
void moe_route(MoeGating *gating, double *scratch, const double *logits, const double *p,
               const double *bias, int N, const Moe *m) {
    gating->N = N;
    gating->start[0] = 0;
    for (int t = 0; t < N; t++) {
        int first = gating->start[t], *index = gating->index + first;
        const double *own = logits + (size_t)t * m->E, *share = p + (size_t)t * m->E;
        for (int e = 0; e < m->E; e++) scratch[e] = bias != NULL ? share[e] + bias[e] : own[e];
        top_k(index, scratch, m->E, m->K);
        weigh(gating->weight + first, index, own, share, m);
        gating->start[t + 1] = first + m->K;
    }
}
// choose]

// One token's dlogits [E] from dweight [K].
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
    for (int k = 0; k < m->K; k++) // dp first; weight = p, or p / sum of the chosen p
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

// One expert of all: chapter 01's glu takes these four.
typedef struct {
    double *up, *up_bias, *down, *down_bias;
} Expert;

static Expert expert_of(const MoeWeights *w, int e, const Moe *m) {
    size_t D = (size_t)m->D, F = (size_t)m->F;
    return (Expert){ w->up + e * D * 2 * F, w->up_bias + e * 2 * F, w->down + e * F * D,
                     w->down_bias + e * D };
}

// Of each entry: the gate_up [2F], what is hidden the gate [F], and the expert's own answer [D].
size_t moe_saved(const Moe *m) { return 3 * (size_t)m->F + m->D; }

// [experts
void moe_experts(double *y, double *saved, const MoeGating *gating, const double *x,
                 const MoeWeights *w, const Moe *m) {
    int D = m->D, F = m->F;
    for (int t = 0; t < gating->N; t++) {
        double *sum = y + (size_t)t * D;
        for (int d = 0; d < D; d++) sum[d] = 0.0;
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) {
            double *gate_up = saved + i * moe_saved(m), *hidden = gate_up + 2 * F,
                   *answer = hidden + F;
            Expert e = expert_of(w, gating->index[i], m);
            glu_forward(answer, gate_up, hidden, x + (size_t)t * D, e.up, e.up_bias, e.down,
                        e.down_bias, D, F);
            for (int d = 0; d < D; d++) sum[d] += gating->weight[i] * answer[d];
        }
    }
}
// experts]

size_t moe_scratch(const Moe *m) { return 3 * (size_t)m->F + 2 * (size_t)m->D; }

// [experts_backward
void moe_experts_backward(double *dx, double *dweight, const MoeWeights *gradient, double *scratch,
                          const double *dy, const double *saved, const MoeGating *gating,
                          const double *x, const MoeWeights *w, const Moe *m) {
    int D = m->D, F = m->F;
    double *danswer = scratch, *part = danswer + D, *rest = part + D;
    for (int t = 0; t < gating->N; t++) {
        size_t row = (size_t)t * D;
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) {
            const double *gate_up = saved + i * moe_saved(m), *hidden = gate_up + 2 * F,
                         *answer = hidden + F;
            Expert e = expert_of(w, gating->index[i], m),
                   de = expert_of(gradient, gating->index[i], m);
            dweight[i] = 0.0;
            for (int d = 0; d < D; d++) {
                dweight[i] += answer[d] * dy[row + d];
                danswer[d] = gating->weight[i] * dy[row + d];
            }
            glu_backward(part, de.up, de.up_bias, de.down, de.down_bias, rest, danswer, x + row,
                         gate_up, hidden, e.up, e.down, D, F);
            add(dx + row, part, D);
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
    tokens.scratch = tokens.experts + entries * moe_saved(m);
    return tokens;
}

// [layer
void moe_forward(double *y, MoeTokens *tokens, const double *x, const MoeWeights *w, int N,
                 const Moe *m) {
    moe_logits(tokens->logits, tokens->p, x, w->router, N, m);
    moe_route(&tokens->gating, tokens->scratch, tokens->logits, tokens->p, w->bias, N, m);
    moe_experts(y, tokens->experts, &tokens->gating, x, w, m);
}
// layer]

void moe_backward(double *dx, const MoeWeights *gradient, double *scratch, const double *dy,
                  const MoeTokens *tokens, const double *x, const MoeWeights *w, int N,
                  const Moe *m) {
    double *dweight = scratch, *dlogits = dweight + (size_t)N * m->K,
           *rest = dlogits + (size_t)N * m->E;
    for (size_t i = 0; i < (size_t)N * m->D; i++) dx[i] = 0.0;
    moe_experts_backward(dx, dweight, gradient, rest, dy, tokens->experts, &tokens->gating, x, w,
                         m);
    moe_route_backward(dlogits, dweight, &tokens->gating, tokens->p, m);
    moe_logits_backward(dx, gradient->router, rest, dlogits, x, w->router, N, m);
}
