#ifndef PEER_H
#define PEER_H
#include "chapters/05_peer/key_value.h"
#include <stddef.h>

// Parameter-efficient expert retrieval, one token at a time (He 2024, equations 1 to 3, in the form
// of the sgatlin authors' baseline). There is one pool of F experts, each a single neuron, in and
// out; C heads choose K of it each by product keys (chapter 04) and weigh theirs by a softmax
// (chapter 02) over the K:
//   y = Σ_c Σ_k gate[c,k] · gelu(in[index[c,k]] · x) · out[index[c,k]]          gate[c] = softmax_row(score[c])
// An expert that two heads choose speaks twice.
//
// Three steps, each callable alone, and between the second and the third stands the layer's
// decision, the gating:
//   x → scores of all sub-keys → gating (score, index) → y
// The caller owns all memory. Gradients are of a loss whose dL/dy is dy.

// What the layer is: the letters of the papers. F = n² experts, 1 <= K <= n.
typedef struct {
    int D, F, C, K, Dk; // width, experts, heads, chosen a head, width of a key
} Peer;

int peer_keys(const Peer *p);        // n = √F
KeyValue peer_router(const Peer *p); // its lists: 2 parts, C heads, n sub-keys

// The parameters, or their gradients: query [2,C,D,Dk], keys [2,C,n,Dk], in and out [F,D].
typedef struct {
    double *query, *keys, *in, *out;
} PeerWeights;

// One token's numbers, saved from forward for backward: views of the caller's memory.
typedef struct {
    double *query;  // [2,C,Dk]
    double *scores; // [2,C,n] every sub-key's, before any choice
    double *score;  // [C,K] the gating, highest first, before the softmax
    int *index;     // [C,K]
    double *gate;   // [C,K] after it
    double *z;      // [C,K] in · x of the chosen
} PeerToken;

size_t peer_token_doubles(const Peer *p); // what one token's views take; and C·K ints
PeerToken peer_token(double *doubles, int *index, const Peer *p);

// y [D] from x [D]; fills `saved`. scratch: 2·K ints.
void peer_forward(double *y, const PeerToken *saved, int *scratch, const double *x,
                  const PeerWeights *w, const Peer *p);

// dx [D] is written, gradient += . scratch: peer_scratch doubles.
void peer_backward(double *dx, const PeerWeights *gradient, double *scratch, const double *dy,
                   const PeerToken *saved, const double *x, const PeerWeights *w, const Peer *p);
size_t peer_scratch(const Peer *p);

// Step one is key_value_scores. Step two: the K best of each head, score and index [C,K]. scratch: 2·K
// ints.
void peer_route(double *score, int *index, int *scratch, const double *scores, const Peer *p);
// Step three: y [D], and gate and z [C,K] for the way back, from any gating, the router's or
// another.
void peer_experts(double *y, double *gate, double *z, const double *score, const int *index,
                  const double *x, const double *in, const double *out, const Peer *p);

// Its way back, with h = gelu(z): dgate = h·(out·dy), dz = gate·gelu'(z)·(out·dy), dout +=
// gate·h·dy, din += dz·x, dx += dz·in, and through the softmax to dscore [C,K], which is written;
// dx [D], din, dout [F,D] are added to.
void peer_experts_backward(double *dx, double *dscore, double *din, double *dout, const double *dy,
                           const double *gate, const int *index, const double *z, const double *x,
                           const double *in, const double *out, const Peer *p);
// dscores [2,C,n] is written: what was not chosen gets 0. The choice itself has no gradient.
void peer_route_backward(double *dscores, const double *dscore, const int *index, const Peer *p);
#endif
