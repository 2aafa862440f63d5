#include "chapters/05_peer/peer.h"

void small_mlp(double *up, double *down, const double *gate, const int *index, const double *in,
               const double *out, const Peer *peer) {
    int slots = peer->C * peer->K;
    for (int slot = 0; slot < slots; slot++) {
        size_t expert = (size_t)index[slot] * peer->D;
        for (int d = 0; d < peer->D; d++) {
            up[d * slots + slot] = in[expert + d];
            down[slot * peer->D + d] = gate[slot] * out[expert + d];
        }
    }
}
