#include "chapters/05_peer/peer_scores.h"
#include "chapters/03_who_chooses/routed_scores.h"
#include "chapters/05_peer/peer.h"
#include <assert.h>

// The weights: query [2,C,D,Dk], keys [2,C,n,Dk], in and out [F,D]. sizes: Peer

static int query_count(const Peer *peer, int D) { return 2 * peer->C * D * peer->Dk; }
static int key_count(const Peer *peer) { return 2 * peer->C * peer_keys(peer) * peer->Dk; }

static LearnerCost peer_cost(const void *sizes, int D) {
    const Peer *peer = sizes;
    int router = query_count(peer, D) + key_count(peer);
    return (LearnerCost){ .doubles = router + 2 * peer->F * D,
                          .weights = router + peer->F * (D + 1),
                          .flops = 2 * (router + peer->C * peer->K * (D + 1)) };
}

static PeerWeights peer_views(double *w, const Peer *peer, int D) {
    double *keys = w + query_count(peer, D), *in = keys + key_count(peer);
    return (PeerWeights){ .router = { w, keys }, .in = in, .out = in + peer->F * D };
}

// The gates of a head add up to 1, whatever K is, so `out` has the size of one neuron's.
static void peer_start(double *w, const void *sizes, int D, uint64_t seed) {
    const Peer *peer = sizes;
    const PeerWeights weights = peer_views(w, peer, D);
    learner_draw(weights.router.query, query_count(peer, D), D, seed, "query");
    learner_draw(weights.router.keys, key_count(peer), 1, seed, "keys");
    learner_draw(weights.in, peer->F * D, D, seed, "in");
    learner_draw(weights.out, peer->F * D, peer->C, seed, "out");
}

static void peer_pass(double *y, double *dw, const double *w, const Task *task, const void *sizes) {
    enum { DOUBLES = 512, INTS = 64 };
    double doubles[DOUBLES], scratch[DOUBLES], dx[TASK_MAX_D];
    int index[INTS], ranks[INTS];
    Peer peer = *(const Peer *)sizes;
    peer.D = task->D;
    assert(peer_token_doubles(&peer) <= DOUBLES && peer_scratch(&peer) <= DOUBLES);
    assert(peer.C * peer.K <= INTS && 2 * peer.K <= INTS);
    const PeerToken saved = peer_token(doubles, index, &peer);
    const PeerWeights weights = peer_views((double *)w, &peer, peer.D);
    for (int i = 0; i < task->points; i++) {
        const double *x = task->x + i * peer.D;
        peer_forward(y + i * peer.D, &saved, ranks, x, &weights, &peer);
        if (dw == NULL) continue;
        const double dy[TASK_MAX_D] = { task_slope(task, i, y[i * peer.D]) };
        const PeerWeights gradient = peer_views(dw, &peer, peer.D);
        peer_backward(dx, &gradient, scratch, dy, &saved, x, &weights, &peer);
    }
}

int peer_learners(Learner learners[MAX_LEARNERS]) {
    static const Peer peer = { .F = 16, .C = 1, .K = 4, .Dk = 2 };
    int count = routed_learners(learners);
    learners[count++] =
        (Learner){ "05", "peer", "peer, 4 of 16 neurons", &peer, peer_cost, peer_start, peer_pass };
    return count;
}
