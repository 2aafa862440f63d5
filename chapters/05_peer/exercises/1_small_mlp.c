// Exercise 05-1. The small mlp of a token.
//
// PEER is an mlp whose neurons are selected for each token. Write the mlp of one gating, so that
// chapter 01's mlp_forward has the same output as the layer: up [D,C·K] has the `in` of a selected
// expert in each column, down [C·K,D] its `out`, times its gate, in each row. Column and row c·K +
// k belong to choice k of head c. gate, index [C,K]; in, out [F,D].
//
// Check with: make exercise-05-1
#include "chapters/05_peer/peer.h"

void small_mlp(double *up, double *down, const double *gate, const int *index, const double *in,
               const double *out, const Peer *peer) {
    (void)gate, (void)index, (void)in, (void)out;
    for (int i = 0; i < peer->C * peer->K * peer->D; i++) up[i] = down[i] = 0.0; // yours to write
}
