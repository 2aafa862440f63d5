#include "chapters/05_peer/exercises/train.h"
#include <stdbool.h>

enum { MAX_D = 8 };

// Adds the gradients of the mean loss, which is returned.
static double add_gradients(PeerLayer *l, bool *chosen, const double *x, const double *target,
                            int N) {
    const Peer *peer = &l->sizes;
    double y[MAX_D], dx[MAX_D], dy[MAX_D] = { 0 }, loss = 0.0;
    for (int n = 0; n < N; n++, x += peer->D) {
        peer_forward(y, &l->saved, l->ints, x, &l->w, peer);
        for (int slot = 0; slot < peer->C * peer->K; slot++) chosen[l->saved.index[slot]] = true;
        double error = y[0] - target[n];
        loss += error * error / N;
        dy[0] = 2.0 * error / N;
        peer_backward(dx, &l->dw, l->scratch, dy, &l->saved, x, &l->w, peer);
    }
    return loss;
}

double train(PeerLayer *l, bool *chosen, const double *x, const double *target, int N, int steps,
             double rate) {
    double loss = 0.0;
    for (int f = 0; f < l->sizes.F; f++) chosen[f] = false;
    for (int step = 0; step < steps; step++) {
        for (int i = 0; i < l->count; i++) l->gradients[i] = 0.0;
        loss = add_gradients(l, chosen, x, target, N);
        for (int i = 0; i < l->count; i++) l->weights[i] -= rate * l->gradients[i];
    }
    return loss;
}
