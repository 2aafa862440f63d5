#ifndef CHAPTERS_05_PEER_PEER_H
#define CHAPTERS_05_PEER_PEER_H
#include "chapters/05_peer/key_value.h"
#include <stddef.h>

// Parameter-efficient expert retrieval, one token at a time (He 2024, equations 1 to 3, as in the
// sgatlin paper's baseline). There is one pool of F experts, each a single neuron: two vectors, in
// and out. Each of C heads selects K of them by product keys (chapter 04) and weights them by a
// softmax (chapter 02) over the K:
//   y = Σ_c Σ_k gate[c,k] · gelu(in[index[c,k]] · x) · out[index[c,k]]
//   gate[c] = softmax(score[c])
// An expert that two heads select counts twice.
//
// Three steps, each callable alone; what the second hands to the third is the gating:
//   x → scores of all sub-keys → gating (score, index) → y
// The caller owns all memory. Gradients are of a loss whose dL/dy is dy.

// The dimensions. F = n² experts, 1 <= K <= n.
typedef struct {
    int D, F, C, K, Dk; // width, experts, heads, experts per head, width of a key
} Peer;

int peer_keys(const Peer *peer);        // n = √F
KeyValue peer_router(const Peer *peer); // its router: 2 parts, C heads, n sub-keys per list

// The parameters, or their gradients.
typedef struct {
    RouterWeights router; // query [2,C,D,Dk], keys [2,C,n,Dk]
    double *in, *out;     // [F,D]
} PeerWeights;

// What one token saves from forward for backward: views of the caller's memory.
typedef struct {
    double *query;  // [2,C,Dk]
    double *scores; // [2,C,n] of all sub-keys
    double *score;  // [C,K] the gating: of the selected experts, highest first, before the softmax
    int *index;     // [C,K]
    double *gate;   // [C,K] after the softmax
    double *z;      // [C,K] in · x of the selected experts
} PeerToken;

size_t peer_token_doubles(const Peer *peer); // what the views take, besides C·K ints
PeerToken peer_token(double *doubles, int *index, const Peer *peer);

// y [D] from x [D]; fills `saved`. scratch: 2·K ints.
void peer_forward(double *y, const PeerToken *saved, int *scratch, const double *x,
                  const PeerWeights *w, const Peer *peer);

// dx [D] is written, dw added to. scratch: peer_scratch doubles.
void peer_backward(double *dx, const PeerWeights *dw, double *scratch, const double *dy,
                   const PeerToken *saved, const double *x, const PeerWeights *w, const Peer *peer);
size_t peer_scratch(const Peer *peer);

// Step one is key_value_scores. Step two: the K best of each head, score and index [C,K]. scratch:
// 2·K ints.
void peer_route(double *score, int *index, int *scratch, const double *scores, const Peer *peer);
// Step three: y [D] from score and index of `saved`, the router's or any others; fills gate and z.
void peer_experts(double *y, const PeerToken *saved, const double *x, const PeerWeights *w,
                  const Peer *peer);

// Step three backward, with h = gelu(z): dgate = h·(out·dy), dz = gate·gelu'(z)·(out·dy), dout +=
// gate·h·dy, din += dz·x, dx += dz·in, and through the softmax to dscore [C,K], which is written;
// dx [D] and dw's in and out are added to.
void peer_experts_backward(double *dx, double *dscore, const PeerWeights *dw, const double *dy,
                           const PeerToken *saved, const double *x, const PeerWeights *w,
                           const Peer *peer);
// Step two backward: dscores [2,C,n] is written, 0 for keys that were not selected. The selection
// itself has no gradient.
void peer_route_backward(double *dscores, const double *dscore, const int *index, const Peer *peer);
#endif
