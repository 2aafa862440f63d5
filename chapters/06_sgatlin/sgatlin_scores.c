#include "chapters/06_sgatlin/sgatlin_scores.h"
#include "chapters/05_peer/peer_scores.h"
#include <assert.h>

static int query_count(const Sgatlin *s) { return s->D * sgatlin_query_width(s); }
static int key_count(const Sgatlin *s) { return sgatlin_lists(s) * sgatlin_keys(s) * s->Dk; }

static Sgatlin with_width(const void *sizes, int D) {
    Sgatlin s = *(const Sgatlin *)sizes;
    s.D = D;
    return s;
}

static LearnerCost sgatlin_cost(const void *sizes, int D) {
    const Sgatlin s = with_width(sizes, D);
    int router = query_count(&s) + key_count(&s);
    return (LearnerCost){ .doubles = router + 2 * s.C * s.F * D,
                          .weights = router + s.C * s.F * (D + 1),
                          .flops = 2 * (router + s.C * s.K * (D + 1)) };
}

SgatlinWeights sgatlin_views(double *w, const Sgatlin *s) {
    double *keys = w + query_count(s), *in = keys + key_count(s);
    return (SgatlinWeights){ .router = { w, keys }, .in = in, .out = in + s->C * s->F * s->D };
}

static void sgatlin_start(double *w, const void *sizes, int D, uint64_t seed) {
    const Sgatlin s = with_width(sizes, D);
    const SgatlinWeights weights = sgatlin_views(w, &s);
    learner_draw(weights.router.query, query_count(&s), D, seed, "query");
    learner_draw(weights.router.keys, key_count(&s), s.Dk, seed, "keys");
    learner_draw(weights.in, s.C * s.F * D, D, seed, "in");
    learner_draw(weights.out, s.C * s.F * D, s.C * s.K, seed, "out");
}

static void sgatlin_pass(double *y, double *dw, const double *w, const Task *task,
                         const void *sizes) {
    enum { DOUBLES = 512, INTS = 64 };
    double doubles[DOUBLES], scratch[DOUBLES], dx[TASK_MAX_D];
    int index[INTS], ranks[INTS];
    const Sgatlin s = with_width(sizes, task->D);
    assert(sgatlin_token_doubles(&s) <= DOUBLES && sgatlin_scratch(&s) <= DOUBLES);
    assert(s.C * s.K <= INTS && 2 * s.K <= INTS);
    const SgatlinToken saved = sgatlin_token(doubles, index, &s);
    const SgatlinWeights weights = sgatlin_views((double *)w, &s);
    for (int i = 0; i < task->points; i++) {
        const double *x = task->x + i * s.D;
        sgatlin_forward(y + i * s.D, &saved, ranks, x, &weights, &s);
        if (dw == NULL) continue;
        const double dy[TASK_MAX_D] = { task_slope(task, i, y[i * s.D]) };
        const SgatlinWeights gradient = sgatlin_views(dw, &s);
        sgatlin_backward(dx, &gradient, scratch, dy, &saved, x, &weights, &s);
    }
}

int sgatlin_learners(Learner learners[MAX_LEARNERS]) {
    static const Sgatlin sgatlin = { .F = 25, .C = 1, .K = 4, .Dk = 2 },
                         no_choice = { .F = 1, .C = 2, .K = 1, .Dk = 2 };
    int count = peer_learners(learners);
    assert(count == SGATLIN_LEARNER);
    learners[count++] =
        (Learner){ "06",          "sgatlin",   "sgatlin, 4 of 25 neurons", &sgatlin, sgatlin_cost,
                   sgatlin_start, sgatlin_pass };
    learners[count++] = (Learner){ "06",        "no choice",  "sgatlin, 2 of 2: no choice",
                                   &no_choice,  sgatlin_cost, sgatlin_start,
                                   sgatlin_pass };
    return count;
}
