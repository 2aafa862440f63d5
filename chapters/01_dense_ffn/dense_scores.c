#include "chapters/01_dense_ffn/dense_scores.h"
#include "chapters/01_dense_ffn/dense_ffn.h"

enum { MAX_F = 16 };

// ---- mlp. Its weights: up [D,F], down [F,D]. sizes: DenseSizes

static LearnerCost mlp_cost(const void *sizes, int D) {
    int F = ((const DenseSizes *)sizes)->F, used = F * (D + 1);
    return (LearnerCost){ .doubles = 2 * D * F, .weights = used, .flops = 2 * used };
}

static void mlp_start(double *w, const void *sizes, int D, uint64_t seed) {
    int F = ((const DenseSizes *)sizes)->F;
    learner_draw(w, D * F, D, seed, "up");
    learner_draw(w + D * F, F * D, F, seed, "down");
}

static MlpWeights mlp_views(double *w, const DenseSizes *s) {
    return (MlpWeights){ w, w + s->D * s->F };
}

static void mlp_pass(double *y, double *dw, const double *w, const Task *task, const void *sizes) {
    const DenseSizes s = { task->D, ((const DenseSizes *)sizes)->F };
    double preactivation[MAX_F], hidden[MAX_F], scratch[MAX_F], dx[TASK_MAX_D];
    const MlpSaved saved = { preactivation, hidden };
    const MlpWeights weights = mlp_views((double *)w, &s);
    for (int i = 0; i < task->points; i++) {
        const double *x = task->x + i * s.D;
        mlp_forward(y + i * s.D, &saved, x, &weights, &s);
        if (dw == NULL) continue;
        const double dy[TASK_MAX_D] = { task_slope(task, i, y[i * s.D]) };
        const MlpWeights gradient = mlp_views(dw, &s);
        mlp_backward(dx, &gradient, scratch, dy, &saved, x, &weights, &s);
    }
}

// ---- glu. Its weights: up [D,2F], down [F,D]; the biases are 0. sizes: DenseSizes

static LearnerCost glu_cost(const void *sizes, int D) {
    int F = ((const DenseSizes *)sizes)->F, used = F * (2 * D + 1);
    return (LearnerCost){ .doubles = 3 * D * F, .weights = used, .flops = 2 * used };
}

static void glu_start(double *w, const void *sizes, int D, uint64_t seed) {
    int F = ((const DenseSizes *)sizes)->F;
    learner_draw(w, 2 * D * F, D, seed, "up");
    learner_draw(w + 2 * D * F, F * D, F, seed, "down");
}

// bias [2F]: serves both layers of weights.
static GluWeights glu_views(double *w, double *bias, const DenseSizes *s) {
    return (GluWeights){ w, bias, w + 2 * s->D * s->F, bias };
}

static void glu_pass(double *y, double *dw, const double *w, const Task *task, const void *sizes) {
    const DenseSizes s = { task->D, ((const DenseSizes *)sizes)->F };
    double gate_up[2 * MAX_F], hidden[MAX_F], scratch[3 * MAX_F], dx[TASK_MAX_D];
    double no_bias[2 * MAX_F] = { 0 }, ignored[2 * MAX_F] = { 0 };
    const GluSaved saved = { gate_up, hidden };
    const GluWeights weights = glu_views((double *)w, no_bias, &s);
    for (int i = 0; i < task->points; i++) {
        const double *x = task->x + i * s.D;
        glu_forward(y + i * s.D, &saved, x, &weights, &s);
        if (dw == NULL) continue;
        const double dy[TASK_MAX_D] = { task_slope(task, i, y[i * s.D]) };
        const GluWeights gradient = glu_views(dw, ignored, &s);
        glu_backward(dx, &gradient, scratch, dy, &saved, x, &weights, &s);
    }
}

int dense_learners(Learner learners[MAX_LEARNERS]) {
    static const DenseSizes mlp = { .F = 12 }, glu = { .F = 7 };
    learners[0] = (Learner){ "01", "mlp", "mlp, 12 neurons", &mlp, mlp_cost, mlp_start, mlp_pass };
    learners[1] = (Learner){ "01", "glu", "glu, 7 neurons", &glu, glu_cost, glu_start, glu_pass };
    return 2;
}
