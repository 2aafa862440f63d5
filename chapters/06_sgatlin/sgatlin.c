#include "chapters/06_sgatlin/sgatlin.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/04_product_keys/product_keys.h"
#include <stdbool.h>

static bool is_product(const Sgatlin *s) {
    return s->router == PRODUCT_DENSE || s->router == PRODUCT_KEY_VALUE;
}
static bool shares_query(const Sgatlin *s) {
    return s->router == PRODUCT_DENSE || s->router == DENSE;
}

int sgatlin_lists(const Sgatlin *s) { return is_product(s) ? 2 * s->C : s->C; }

int sgatlin_keys(const Sgatlin *s) {
    if (!is_product(s)) return s->F;
    int n = 1;
    while ((n + 1) * (n + 1) <= s->F) n++;
    return n;
}

int sgatlin_query_width(const Sgatlin *s) {
    return shares_query(s) ? s->Dk : sgatlin_lists(s) * s->Dk;
}

size_t sgatlin_token_doubles(const Sgatlin *s) {
    return (size_t)sgatlin_query_width(s) + (size_t)sgatlin_lists(s) * sgatlin_keys(s) +
           2 * (size_t)s->C * s->K;
}

SgatlinToken sgatlin_token(double *doubles, int *index, const Sgatlin *s) {
    SgatlinToken token = { .query = doubles, .index = index };
    token.scores = token.query + sgatlin_query_width(s);
    token.score = token.scores + (size_t)sgatlin_lists(s) * sgatlin_keys(s);
    token.z = token.score + (size_t)s->C * s->K;
    return token;
}

// ---- step one: scores

// The routers with one query per list are chapter 05's.
static KeyValue key_value_router(const Sgatlin *s) {
    return (KeyValue){
        .parts = is_product(s) ? 2 : 1, .C = s->C, .n = sgatlin_keys(s), .D = s->D, .Dk = s->Dk
    };
}

void sgatlin_scores(double *scores, double *query, const double *x, const RouterWeights *w,
                    const Sgatlin *s) {
    if (shares_query(s)) { // two matrix products: x [D] · query [D,Dk] · keys [Dk, lists·n]
        linear(query, x, w->query, s->D, s->Dk);
        linear(scores, query, w->keys, s->Dk, sgatlin_lists(s) * sgatlin_keys(s));
    } else {
        KeyValue router = key_value_router(s);
        key_value_scores(scores, query, x, w, &router);
    }
}

void sgatlin_scores_backward(double *dx, const RouterWeights *dw, double *scratch,
                             const double *dscores, const double *query, const double *x,
                             const RouterWeights *w, const Sgatlin *s) {
    if (shares_query(s)) {
        double *dquery = scratch, *part = scratch + s->Dk;
        linear_backward(dquery, dw->keys, dscores, query, w->keys, s->Dk,
                        sgatlin_lists(s) * sgatlin_keys(s));
        linear_backward(part, dw->query, dquery, x, w->query, s->D, s->Dk);
        for (int d = 0; d < s->D; d++) dx[d] += part[d];
    } else {
        KeyValue router = key_value_router(s);
        key_value_backward(dx, dw, scratch, dscores, query, x, w, &router);
    }
}

// ---- step two: the gating

void sgatlin_route(double *score, int *index, int *scratch, const double *scores,
                   const Sgatlin *s) {
    int n = sgatlin_keys(s), C = s->C, K = s->K;
    for (int c = 0; c < C; c++, score += K, index += K) {
        // the second list of a product router is C lists further on
        const double *list = scores + (size_t)c * n;
        if (is_product(s)) {
            product_top_k(score, index, list, list + (size_t)C * n, n, K, scratch);
        } else {
            top_k(index, list, n, K);
            for (int k = 0; k < K; k++) score[k] = list[index[k]];
        }
    }
}

void sgatlin_route_backward(double *dscores, const double *dscore, const int *index,
                            const Sgatlin *s) {
    int n = sgatlin_keys(s), C = s->C, K = s->K;
    for (int i = 0; i < sgatlin_lists(s) * n; i++) dscores[i] = 0.0;
    for (int c = 0; c < C; c++, dscore += K, index += K) {
        double *list = dscores + (size_t)c * n;
        if (is_product(s)) {
            product_backward(list, list + (size_t)C * n, dscore, index, n, K);
        } else {
            for (int k = 0; k < K; k++) list[index[k]] += dscore[k];
        }
    }
}

// ---- step three: the neurons

double sgatlin_activate(SgatlinActivation activation, double u) {
    switch (activation) {
    case RELU: return u < 0.0 ? 0.0 : u; // NaN stays NaN
    case GELU: return gelu(u);
    case SWISH: return u * sigmoid(u);
    default: return u;
    }
}

double sgatlin_activate_derivative(SgatlinActivation activation, double u) {
    switch (activation) {
    case RELU: return u > 0.0 ? 1.0 : 0.0;
    case GELU: return gelu_derivative(u);
    case SWISH: return sigmoid(u) * (1.0 + u * (1.0 - sigmoid(u)));
    default: return 1.0;
    }
}

static double dot(const double *a, const double *b, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

// [experts
void sgatlin_experts(double *y, const SgatlinToken *saved, const double *x, const SgatlinWeights *w,
                     const Sgatlin *s) {
    for (int d = 0; d < s->D; d++) y[d] = 0.0;
    for (int c = 0; c < s->C; c++) {
        for (int k = 0; k < s->K; k++) {
            int slot = c * s->K + k;
            size_t neuron = ((size_t)c * s->F + saved->index[slot]) * s->D;
            double z = dot(w->in + neuron, x, s->D);
            double weight = sgatlin_activate(s->activation, saved->score[slot] * z);
            for (int d = 0; d < s->D; d++) y[d] += weight * w->out[neuron + d];
            saved->z[slot] = z;
        }
    }
}
// experts]

// [experts_backward
void sgatlin_experts_backward(double *dx, double *dscore, const SgatlinWeights *dw,
                              const double *dy, const SgatlinToken *saved, const double *x,
                              const SgatlinWeights *w, const Sgatlin *s) {
    for (int c = 0; c < s->C; c++) {
        for (int k = 0; k < s->K; k++) {
            int slot = c * s->K + k;
            size_t neuron = ((size_t)c * s->F + saved->index[slot]) * s->D;
            double score = saved->score[slot], z = saved->z[slot], u = score * z;
            double weight = sgatlin_activate(s->activation, u);
            double du =
                sgatlin_activate_derivative(s->activation, u) * dot(w->out + neuron, dy, s->D);
            double dz = score * du;
            dscore[slot] = z * du;
            for (int d = 0; d < s->D; d++) {
                dw->out[neuron + d] += weight * dy[d];
                dw->in[neuron + d] += dz * x[d];
                dx[d] += dz * w->in[neuron + d];
            }
        }
    }
}
// experts_backward]

// ---- the layer

// [layer
void sgatlin_forward(double *y, const SgatlinToken *saved, int *scratch, const double *x,
                     const SgatlinWeights *w, const Sgatlin *s) {
    sgatlin_scores(saved->scores, saved->query, x, &w->router, s);
    sgatlin_route(saved->score, saved->index, scratch, saved->scores, s);
    sgatlin_experts(y, saved, x, w, s);
}
// layer]

size_t sgatlin_scratch(const Sgatlin *s) {
    return (size_t)s->C * s->K + (size_t)sgatlin_lists(s) * sgatlin_keys(s) + s->Dk + s->D;
}

void sgatlin_backward(double *dx, const SgatlinWeights *dw, double *scratch, const double *dy,
                      const SgatlinToken *saved, const double *x, const SgatlinWeights *w,
                      const Sgatlin *s) {
    double *dscore = scratch, *dscores = dscore + (size_t)s->C * s->K;
    double *rest = dscores + (size_t)sgatlin_lists(s) * sgatlin_keys(s);
    for (int d = 0; d < s->D; d++) dx[d] = 0.0;
    sgatlin_experts_backward(dx, dscore, dw, dy, saved, x, w, s);
    sgatlin_route_backward(dscores, dscore, saved->index, s);
    sgatlin_scores_backward(dx, &dw->router, rest, dscores, saved->query, x, &w->router, s);
}
