#include "chapters/05_peer/peer_scores.h"
#include "chapters/03_who_chooses/routed_scores.h"
#include "chapters/05_peer/peer.h"
#include <assert.h>

// The weights: query [2,C,D,Dk], keys [2,C,n,Dk], in and out [F,D]. sizes: Peer

static int query_count(const Peer *p, int D) { return 2 * p->C * D * p->Dk; }
static int key_count(const Peer *p) { return 2 * p->C * peer_keys(p) * p->Dk; }

static LearnerCost peer_cost(const void *sizes, int D) {
    const Peer *p = sizes;
    int router = query_count(p, D) + key_count(p);
    return (LearnerCost){ .doubles = router + 2 * p->F * D,
                          .weights = router + p->F * (D + 1),
                          .flops = 2 * (router + p->C * p->K * (D + 1)) };
}

static PeerWeights peer_views(double *w, const Peer *p, int D) {
    double *keys = w + query_count(p, D), *in = keys + key_count(p);
    return (PeerWeights){ .router = { w, keys }, .in = in, .out = in + p->F * D };
}

// The gates of a head add up to 1, whatever K is, so `out` has the size of one neuron's.
static void peer_start(double *w, const void *sizes, int D, uint64_t seed) {
    const Peer *p = sizes;
    const PeerWeights weights = peer_views(w, p, D);
    learner_draw(weights.router.query, query_count(p, D), D, seed, "query");
    learner_draw(weights.router.keys, key_count(p), 1, seed, "keys");
    learner_draw(weights.in, p->F * D, D, seed, "in");
    learner_draw(weights.out, p->F * D, p->C, seed, "out");
}

static void peer_pass(double *y, double *dw, const double *w, const Task *task, const void *sizes) {
    enum { DOUBLES = 512, INTS = 64 };
    double doubles[DOUBLES], scratch[DOUBLES], dx[TASK_MAX_D];
    int index[INTS], ranks[INTS];
    Peer p = *(const Peer *)sizes;
    p.D = task->D;
    assert(peer_token_doubles(&p) <= DOUBLES && peer_scratch(&p) <= DOUBLES);
    assert(p.C * p.K <= INTS && 2 * p.K <= INTS);
    const PeerToken saved = peer_token(doubles, index, &p);
    const PeerWeights weights = peer_views((double *)w, &p, p.D);
    for (int i = 0; i < task->points; i++) {
        const double *x = task->x + i * p.D;
        peer_forward(y + i * p.D, &saved, ranks, x, &weights, &p);
        if (dw == NULL) continue;
        const double dy[TASK_MAX_D] = { task_slope(task, i, y[i * p.D]) };
        const PeerWeights gradient = peer_views(dw, &p, p.D);
        peer_backward(dx, &gradient, scratch, dy, &saved, x, &weights, &p);
    }
}

int peer_learners(Learner learners[MAX_LEARNERS]) {
    static const Peer peer = { .F = 16, .C = 1, .K = 4, .Dk = 2 };
    int count = routed_learners(learners);
    learners[count++] =
        (Learner){ "05", "peer", "peer, 4 of 16 neurons", &peer, peer_cost, peer_start, peer_pass };
    return count;
}
