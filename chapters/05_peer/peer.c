#include "chapters/05_peer/peer.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/04_product_keys/product_keys.h"

int peer_keys(const Peer *p) {
    int n = 1;
    while ((n + 1) * (n + 1) <= p->F) n++;
    return n;
}

KeyValue peer_router(const Peer *p) {
    return (KeyValue){ .parts = 2, .C = p->C, .n = peer_keys(p), .D = p->D, .Dk = p->Dk };
}

static size_t queries(const Peer *p) { return 2 * (size_t)p->C * p->Dk; }
static size_t sub_keys(const Peer *p) { return 2 * (size_t)p->C * peer_keys(p); }
static size_t slots(const Peer *p) { return (size_t)p->C * p->K; }

size_t peer_token_doubles(const Peer *p) { return queries(p) + sub_keys(p) + 3 * slots(p); }

PeerToken peer_token(double *doubles, int *index, const Peer *p) {
    PeerToken token = { .query = doubles, .index = index };
    token.scores = token.query + queries(p);
    token.score = token.scores + sub_keys(p);
    token.gate = token.score + slots(p);
    token.z = token.gate + slots(p);
    return token;
}

// ---- step two: the gating

// [route
void peer_route(double *score, int *index, int *scratch, const double *scores, const Peer *p) {
    int n = peer_keys(p), C = p->C, K = p->K;
    for (int c = 0; c < C; c++) {
        const double *first = scores + (size_t)c * n, *second = first + (size_t)C * n;
        product_top_k(score + c * K, index + c * K, first, second, n, K, scratch);
    }
}
// route]

void peer_route_backward(double *dscores, const double *dscore, const int *index, const Peer *p) {
    int n = peer_keys(p), C = p->C, K = p->K;
    for (size_t i = 0; i < sub_keys(p); i++) dscores[i] = 0.0;
    for (int c = 0; c < C; c++) {
        double *first = dscores + (size_t)c * n, *second = first + (size_t)C * n;
        product_backward(first, second, dscore + c * K, index + c * K, n, K);
    }
}

// ---- step three: the experts

static double dot(const double *a, const double *b, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

// [experts
void peer_experts(double *y, const PeerToken *saved, const double *x, const PeerWeights *w,
                  const Peer *p) {
    double *gate = saved->gate, *z = saved->z;
    for (int d = 0; d < p->D; d++) y[d] = 0.0;
    for (int c = 0; c < p->C; c++) {
        softmax_row(gate + c * p->K, saved->score + c * p->K, p->K);
        for (int slot = c * p->K; slot < (c + 1) * p->K; slot++) {
            size_t expert = (size_t)saved->index[slot] * p->D; // all heads share one pool
            z[slot] = dot(w->in + expert, x, p->D);
            double weight = gate[slot] * gelu(z[slot]);
            for (int d = 0; d < p->D; d++) y[d] += weight * w->out[expert + d];
        }
    }
}
// experts]

// [experts_backward
void peer_experts_backward(double *dx, double *dscore, const PeerWeights *dw, const double *dy,
                           const PeerToken *saved, const double *x, const PeerWeights *w,
                           const Peer *p) {
    const double *gate = saved->gate, *z = saved->z;
    for (int c = 0; c < p->C; c++) {
        // holds the gates' gradients first, then those of the scores
        double *dgate = dscore + c * p->K;
        for (int slot = c * p->K; slot < (c + 1) * p->K; slot++) {
            size_t expert = (size_t)saved->index[slot] * p->D;
            double weight = gate[slot] * gelu(z[slot]), dweight = dot(w->out + expert, dy, p->D);
            double dz = gate[slot] * gelu_derivative(z[slot]) * dweight;
            dscore[slot] = gelu(z[slot]) * dweight;
            for (int d = 0; d < p->D; d++) {
                dw->out[expert + d] += weight * dy[d];
                dw->in[expert + d] += dz * x[d];
                dx[d] += dz * w->in[expert + d];
            }
        }
        softmax_row_backward(dgate, dgate, gate + c * p->K, p->K);
    }
}
// experts_backward]

// ---- the layer

// [layer
void peer_forward(double *y, const PeerToken *saved, int *scratch, const double *x,
                  const PeerWeights *w, const Peer *p) {
    KeyValue router = peer_router(p);
    key_value_scores(saved->scores, saved->query, x, &w->router, &router);
    peer_route(saved->score, saved->index, scratch, saved->scores, p);
    peer_experts(y, saved, x, w, p);
}
// layer]

size_t peer_scratch(const Peer *p) { return slots(p) + sub_keys(p) + p->Dk + p->D; }

void peer_backward(double *dx, const PeerWeights *dw, double *scratch, const double *dy,
                   const PeerToken *saved, const double *x, const PeerWeights *w, const Peer *p) {
    KeyValue router = peer_router(p);
    double *dscore = scratch, *dscores = dscore + slots(p), *rest = dscores + sub_keys(p);
    for (int d = 0; d < p->D; d++) dx[d] = 0.0;
    peer_experts_backward(dx, dscore, dw, dy, saved, x, w, p);
    peer_route_backward(dscores, dscore, saved->index, p);
    key_value_backward(dx, &dw->router, rest, dscores, saved->query, x, &w->router, &router);
}
