#include "chapters/05_peer/peer.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/04_product_keys/product_keys.h"

int peer_keys(const Peer *peer) {
    int n = 1;
    while ((n + 1) * (n + 1) <= peer->F) n++;
    return n;
}

KeyValue peer_router(const Peer *peer) {
    return (
        KeyValue){ .parts = 2, .C = peer->C, .n = peer_keys(peer), .D = peer->D, .Dk = peer->Dk };
}

static size_t queries(const Peer *peer) { return 2 * (size_t)peer->C * peer->Dk; }
static size_t sub_keys(const Peer *peer) { return 2 * (size_t)peer->C * peer_keys(peer); }
static size_t slots(const Peer *peer) { return (size_t)peer->C * peer->K; }

size_t peer_token_doubles(const Peer *peer) {
    return queries(peer) + sub_keys(peer) + 3 * slots(peer);
}

PeerToken peer_token(double *doubles, int *index, const Peer *peer) {
    PeerToken token = { .query = doubles, .index = index };
    token.scores = token.query + queries(peer);
    token.score = token.scores + sub_keys(peer);
    token.gate = token.score + slots(peer);
    token.z = token.gate + slots(peer);
    return token;
}

// ---- step two: the gating

// [route
void peer_route(double *score, int *index, int *scratch, const double *scores, const Peer *peer) {
    int n = peer_keys(peer), C = peer->C, K = peer->K;
    for (int c = 0; c < C; c++) {
        const double *first = scores + (size_t)c * n, *second = first + (size_t)C * n;
        product_top_k(score + c * K, index + c * K, first, second, n, K, scratch);
    }
}
// route]

void peer_route_backward(double *dscores, const double *dscore, const int *index,
                         const Peer *peer) {
    int n = peer_keys(peer), C = peer->C, K = peer->K;
    for (size_t i = 0; i < sub_keys(peer); i++) dscores[i] = 0.0;
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
                  const Peer *peer) {
    double *gate = saved->gate, *z = saved->z;
    for (int d = 0; d < peer->D; d++) y[d] = 0.0;
    for (int c = 0; c < peer->C; c++) {
        softmax_row(gate + c * peer->K, saved->score + c * peer->K, peer->K);
        for (int slot = c * peer->K; slot < (c + 1) * peer->K; slot++) {
            size_t expert = (size_t)saved->index[slot] * peer->D; // all heads share one pool
            z[slot] = dot(w->in + expert, x, peer->D);
            double weight = gate[slot] * gelu(z[slot]);
            for (int d = 0; d < peer->D; d++) y[d] += weight * w->out[expert + d];
        }
    }
}
// experts]

// [experts_backward
void peer_experts_backward(double *dx, double *dscore, const PeerWeights *dw, const double *dy,
                           const PeerToken *saved, const double *x, const PeerWeights *w,
                           const Peer *peer) {
    const double *gate = saved->gate, *z = saved->z;
    for (int c = 0; c < peer->C; c++) {
        // holds the gates' gradients first, then those of the scores
        double *dgate = dscore + c * peer->K;
        for (int slot = c * peer->K; slot < (c + 1) * peer->K; slot++) {
            size_t expert = (size_t)saved->index[slot] * peer->D;
            double weight = gate[slot] * gelu(z[slot]), dweight = dot(w->out + expert, dy, peer->D);
            double dz = gate[slot] * gelu_derivative(z[slot]) * dweight;
            dscore[slot] = gelu(z[slot]) * dweight;
            for (int d = 0; d < peer->D; d++) {
                dw->out[expert + d] += weight * dy[d];
                dw->in[expert + d] += dz * x[d];
                dx[d] += dz * w->in[expert + d];
            }
        }
        softmax_row_backward(dgate, dgate, gate + c * peer->K, peer->K);
    }
}
// experts_backward]

// ---- the layer

// [layer
void peer_forward(double *y, const PeerToken *saved, int *scratch, const double *x,
                  const PeerWeights *w, const Peer *peer) {
    KeyValue router = peer_router(peer);
    key_value_scores(saved->scores, saved->query, x, &w->router, &router);
    peer_route(saved->score, saved->index, scratch, saved->scores, peer);
    peer_experts(y, saved, x, w, peer);
}
// layer]

size_t peer_scratch(const Peer *peer) { return slots(peer) + sub_keys(peer) + peer->Dk + peer->D; }

void peer_backward(double *dx, const PeerWeights *dw, double *scratch, const double *dy,
                   const PeerToken *saved, const double *x, const PeerWeights *w,
                   const Peer *peer) {
    KeyValue router = peer_router(peer);
    double *dscore = scratch, *dscores = dscore + slots(peer), *rest = dscores + sub_keys(peer);
    for (int d = 0; d < peer->D; d++) dx[d] = 0.0;
    peer_experts_backward(dx, dscore, dw, dy, saved, x, w, peer);
    peer_route_backward(dscores, dscore, saved->index, peer);
    key_value_backward(dx, &dw->router, rest, dscores, saved->query, x, &w->router, &router);
}
