#include "chapters/06_sgatlin/sgatlin.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/04_product_keys/product_keys.h"
#include "chapters/05_peer/key_value.h"
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

// The routers with a query a list are chapter 05's.
static KeyValue key_value_router(const Sgatlin *s) {
    return (KeyValue){
        .parts = is_product(s) ? 2 : 1, .C = s->C, .n = sgatlin_keys(s), .D = s->D, .Dk = s->Dk
    };
}

void sgatlin_scores(double *scores, double *query, const double *x, const double *query_weights,
                    const double *keys, const Sgatlin *s) {
    if (shares_query(s)) { // two matrix products: x (D) · query (D,Dk) · keys (Dk, lists·n)
        linear(query, x, query_weights, s->D, s->Dk);
        linear(scores, query, keys, s->Dk, sgatlin_lists(s) * sgatlin_keys(s));
    } else {
        KeyValue router = key_value_router(s);
        key_value_scores(scores, query, x, query_weights, keys, &router);
    }
}

void sgatlin_scores_backward(double *dx, double *dquery_weights, double *dkeys, double *scratch,
                             const double *dscores, const double *query, const double *x,
                             const double *query_weights, const double *keys, const Sgatlin *s) {
    if (shares_query(s)) {
        double *dquery = scratch, *part = scratch + s->Dk;
        linear_backward(dquery, dkeys, dscores, query, keys, s->Dk,
                        sgatlin_lists(s) * sgatlin_keys(s));
        linear_backward(part, dquery_weights, dquery, x, query_weights, s->D, s->Dk);
        for (int d = 0; d < s->D; d++) dx[d] += part[d];
    } else {
        KeyValue router = key_value_router(s);
        key_value_backward(dx, dquery_weights, dkeys, scratch, dscores, query, x, query_weights,
                           keys, &router);
    }
}

// ---- step two: the gating

void sgatlin_route(double *score, int *index, int *scratch, const double *scores,
                   const Sgatlin *s) {
    int n = sgatlin_keys(s), C = s->C, K = s->K;
    for (int c = 0; c < C; c++, score += K, index += K) {
        // the second list of a product stands C lists further on
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
    case RELU: return u < 0.0 ? 0.0 : u; // so that NaN stays NaN
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
void sgatlin_experts(double *y, double *z, const double *score, const int *index, const double *x,
                     const double *in, const double *out, const Sgatlin *s) {
    for (int d = 0; d < s->D; d++) y[d] = 0.0;
    for (int c = 0; c < s->C; c++) {
        for (int k = 0; k < s->K; k++) {
            int slot = c * s->K + k;
            size_t neuron = ((size_t)c * s->F + index[slot]) * s->D;
            z[slot] = dot(in + neuron, x, s->D);
            double weight = sgatlin_activate(s->activation, score[slot] * z[slot]);
            for (int d = 0; d < s->D; d++) y[d] += weight * out[neuron + d];
        }
    }
}
// experts]

// [experts_backward
void sgatlin_experts_backward(double *dx, double *dscore, double *din, double *dout,
                              const double *dy, const double *score, const int *index,
                              const double *z, const double *x, const double *in, const double *out,
                              const Sgatlin *s) {
    for (int c = 0; c < s->C; c++) {
        for (int k = 0; k < s->K; k++) {
            int slot = c * s->K + k;
            size_t neuron = ((size_t)c * s->F + index[slot]) * s->D;
            double u = score[slot] * z[slot], weight = sgatlin_activate(s->activation, u);
            double du = sgatlin_activate_derivative(s->activation, u) * dot(out + neuron, dy, s->D);
            double dz = score[slot] * du;
            dscore[slot] = z[slot] * du;
            for (int d = 0; d < s->D; d++) {
                dout[neuron + d] += weight * dy[d];
                din[neuron + d] += dz * x[d];
                dx[d] += dz * in[neuron + d];
            }
        }
    }
}
// experts_backward]

// ---- the layer

// [layer
void sgatlin_forward(double *y, const SgatlinToken *saved, int *scratch, const double *x,
                     const SgatlinWeights *w, const Sgatlin *s) {
    sgatlin_scores(saved->scores, saved->query, x, w->query, w->keys, s);
    sgatlin_route(saved->score, saved->index, scratch, saved->scores, s);
    sgatlin_experts(y, saved->z, saved->score, saved->index, x, w->in, w->out, s);
}
// layer]

size_t sgatlin_scratch(const Sgatlin *s) {
    return (size_t)s->C * s->K + (size_t)sgatlin_lists(s) * sgatlin_keys(s) + s->Dk + s->D;
}

void sgatlin_backward(double *dx, const SgatlinWeights *gradient, double *scratch, const double *dy,
                      const SgatlinToken *saved, const double *x, const SgatlinWeights *w,
                      const Sgatlin *s) {
    double *dscore = scratch, *dscores = dscore + (size_t)s->C * s->K;
    double *rest = dscores + (size_t)sgatlin_lists(s) * sgatlin_keys(s);
    for (int d = 0; d < s->D; d++) dx[d] = 0.0;
    sgatlin_experts_backward(dx, dscore, gradient->in, gradient->out, dy, saved->score,
                             saved->index, saved->z, x, w->in, w->out, s);
    sgatlin_route_backward(dscores, dscore, saved->index, s);
    sgatlin_scores_backward(dx, gradient->query, gradient->keys, rest, dscores, saved->query, x,
                            w->query, w->keys, s);
}
