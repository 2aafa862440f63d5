#include "chapters/02_mixture_of_experts/moe_scores.h"
#include "chapters/01_dense_ffn/dense_scores.h"
#include <assert.h>

LearnerCost moe_cost(const void *sizes, int D) {
    const Moe *m = sizes;
    int router = D * m->E, expert = m->F * (2 * D + 1);
    return (LearnerCost){ .doubles = router + m->E * 3 * D * m->F,
                          .weights = router + m->E * expert,
                          .flops = 2 * (router + m->K * expert) };
}

void moe_start(double *w, const void *sizes, int D, uint64_t seed) {
    const Moe *m = sizes;
    double *up = w + D * m->E, *down = up + m->E * 2 * D * m->F;
    learner_draw(w, D * m->E, D, seed, "router");
    learner_draw(up, m->E * 2 * D * m->F, D, seed, "up");
    learner_draw(down, m->E * m->F * D, m->F, seed, "down");
}

MoeWeights moe_views(double *w, double *bias, const Moe *m) {
    double *up = w + m->D * m->E, *down = up + m->E * 2 * m->D * m->F;
    return (MoeWeights){ .router = w, .experts = { up, bias, down, bias } };
}

static void moe_pass(double *y, double *dw, const double *w, const Task *task, const void *sizes) {
    enum { DOUBLES = 4096, INTS = 256, BIASES = 64 };
    double saved[DOUBLES], working[DOUBLES], no_bias[BIASES] = { 0 }, ignored[BIASES] = { 0 };
    double dx[TASK_MAX_POINTS * TASK_MAX_D], dy[TASK_MAX_POINTS * TASK_MAX_D] = { 0 };
    int ints[INTS], N = task->points;
    Moe m = *(const Moe *)sizes;
    m.D = task->D;
    assert(moe_tokens_doubles(&m, N) <= DOUBLES && moe_scratch_doubles(&m, N, N * m.K) <= DOUBLES);
    assert(moe_tokens_ints(&m, N) <= INTS && m.E * (2 * m.F + m.D) <= BIASES);
    MoeTokens tokens = moe_tokens(saved, ints, &m, N);
    const MoeScratch scratch = moe_scratch(working, &m, N, N * m.K);
    const MoeWeights weights = moe_views((double *)w, no_bias, &m);
    moe_forward(y, &tokens, task->x, &weights, N, &m);
    if (dw == NULL) return;
    const MoeWeights gradient = moe_views(dw, ignored, &m);
    for (int i = 0; i < N; i++) dy[i * m.D] = task_slope(task, i, y[i * m.D]);
    moe_backward(dx, &gradient, &scratch, dy, &tokens, task->x, &weights, &m);
}

int moe_learners(Learner learners[MAX_LEARNERS]) {
    static const Moe moe = { .F = 2, .E = 6, .K = 2, .order = SOFTMAX_TOP_K };
    int count = dense_learners(learners);
    learners[count++] =
        (Learner){ "02", "moe", "moe, 2 of 6 experts", &moe, moe_cost, moe_start, moe_pass };
    return count;
}
