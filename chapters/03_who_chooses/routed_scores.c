#include "chapters/03_who_chooses/routed_scores.h"
#include "chapters/02_mixture_of_experts/moe_scores.h"
#include "chapters/03_who_chooses/routing.h"
#include <assert.h>

// The points of the task are one sequence. Each expert takes K·points/E of them, so that a point
// has K experts on average.
static void routed_pass(double *y, double *dw, const double *w, const Task *task,
                        const void *sizes) {
    enum { DOUBLES = 8192, INTS = 2048, BIASES = 64 };
    double saved[DOUBLES], scratch[DOUBLES], no_bias[BIASES] = { 0 }, ignored[BIASES] = { 0 };
    double dx[TASK_MAX_POINTS * TASK_MAX_D], dy[TASK_MAX_POINTS * TASK_MAX_D] = { 0 };
    int ints[INTS], N = task->points;
    RoutedMoe layer = { .m = *(const Moe *)sizes, .rule = { .kind = EXPERT_CHOICE } };
    const Moe *m = &layer.m;
    layer.m.D = task->D;
    layer.rule.budget = m->K;
    assert(routed_tokens_doubles(&layer, 1, N) <= DOUBLES);
    assert(routed_scratch(&layer, 1, N) <= DOUBLES && routed_tokens_ints(&layer, 1, N) <= INTS);
    assert(m->E * (2 * m->F + m->D) <= BIASES);
    RoutedTokens tokens = routed_tokens(saved, ints, &layer, 1, N);
    const MoeWeights weights = moe_views((double *)w, no_bias, m);
    routed_forward(y, &tokens, task->x, NULL, &weights, &layer, 1, N);
    if (dw == NULL) return;
    const MoeWeights gradient = moe_views(dw, ignored, m);
    for (int i = 0; i < N; i++) dy[i * m->D] = task_slope(task, i, y[i * m->D]);
    routed_backward(dx, &gradient, scratch, dy, &tokens, task->x, &weights, &layer);
}

int routed_learners(Learner learners[MAX_LEARNERS]) {
    static const Moe moe = { .F = 2, .E = 6, .K = 2 };
    int count = moe_learners(learners);
    learners[count++] = (Learner){ "03",      "experts",  "moe, 6 experts choose", &moe, moe_cost,
                                   moe_start, routed_pass };
    return count;
}
