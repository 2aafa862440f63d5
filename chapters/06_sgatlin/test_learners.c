// The layers of chapters 01 to 06 as the scoreboard trains them: their costs, their gradients, and
// the polynomial of this chapter's layer.
#include "chapters/06_sgatlin/sgatlin_scores.h"
#include "chapters/06_sgatlin/square.h"
#include "tests/harness/expect.h"

enum { LEARNERS = NO_CHOICE_LEARNER + 1 };

// Counted by hand: weights, and two FLOPs for each of those that one token uses. For D = 3, a·b:
//   mlp        12 · (3 + 1) = 48                glu  7 · (2·3 + 1) = 49
//   moe        router 3·6; experts of 2 · (2·3 + 1) = 14: 18 + 6·14 = 102, used 18 + 2·14 = 46
//   peer       2 · (3·2 + 4·2) = 28; neurons of 3 + 1: 28 + 16·4 = 92, used 28 + 4·4 = 44
//   sgatlin    3·2 + 2·5·2 = 26; 26 + 25·4 = 126, used 26 + 4·4 = 42
//   no choice  3·2 + 2·2·2 = 14; 14 + 2·4 = 22, all used
START_TEST(costs_by_hand)
{
    static const int expected[LEARNERS][2] = { { 48, 96 }, { 49, 98 },  { 102, 92 }, { 102, 92 },
                                               { 92, 88 }, { 126, 84 }, { 22, 44 } };
    Learner learners[MAX_LEARNERS];
    ck_assert_int_eq(sgatlin_learners(learners), LEARNERS);
    for (int i = 0; i < LEARNERS; i++) {
        LearnerCost cost = learners[i].cost(learners[i].sizes, 3);
        ck_assert_int_eq(cost.weights, expected[i][0]);
        ck_assert_int_eq(cost.flops, expected[i][1]);
    }
}
END_TEST

// The loss has a slope in as many weights as are counted, from one start or another: a point uses
// few of the experts, and the unused outputs have none.
START_TEST(every_counted_weight_is_used)
{
    const Task task = product_task();
    Learner learners[MAX_LEARNERS];
    sgatlin_learners(learners);
    const Learner *learner = &learners[_i];
    LearnerCost cost = learner->cost(learner->sizes, task.D);
    double w[LEARNER_MAX_DOUBLES], y[TASK_MAX_POINTS * TASK_MAX_D];
    double dw[LEARNER_MAX_DOUBLES] = { 0 };
    for (uint64_t seed = 1; seed <= 20; seed++) {
        learner->start(w, learner->sizes, task.D, seed);
        learner->pass(y, dw, w, &task, learner->sizes);
    }
    int used = 0;
    for (int i = 0; i < LEARNER_MAX_DOUBLES; i++) {
        used += dw[i] != 0.0;
        ck_assert(i < cost.doubles || dw[i] == 0.0);
    }
    ck_assert_int_eq(used, cost.weights);
}
END_TEST

typedef struct {
    const Learner *learner;
    const Task *task;
    double w[LEARNER_MAX_DOUBLES];
} Learned;

static double loss(void *context) {
    Learned *learned = context;
    double y[TASK_MAX_POINTS * TASK_MAX_D];
    learned->learner->pass(y, NULL, learned->w, learned->task, learned->learner->sizes);
    return task_loss(learned->task, y);
}

// Each learner on each task: what pass adds to dw is the slope of the loss.
START_TEST(gradients_are_finite_differences)
{
    const Task task = _i % 2 == 0 ? wave_task() : product_task();
    Learner learners[MAX_LEARNERS];
    sgatlin_learners(learners);
    const Learner *learner = &learners[_i / 2];
    Learned learned = { learner, &task, { 0 } };
    double dw[LEARNER_MAX_DOUBLES] = { 0 }, y[TASK_MAX_POINTS * TASK_MAX_D];
    learner->start(learned.w, learner->sizes, task.D, 3);
    learner->pass(y, dw, learned.w, &task, learner->sizes);
    const Slopes slopes = { .loss = loss, .context = &learned };
    expect_slopes(learner->name, learned.w, dw,
                  (size_t)learner->cost(learner->sizes, task.D).doubles, &slopes);
}
END_TEST

// Where the gating is known, the polynomial gives the layer's first output.
START_TEST(square_is_the_layer)
{
    static const int sizes[] = { SGATLIN_LEARNER, NO_CHOICE_LEARNER };
    Learner learners[MAX_LEARNERS];
    sgatlin_learners(learners);
    const Learner *learner = &learners[sizes[_i]];
    Sgatlin s = *(const Sgatlin *)learner->sizes;
    s.D = 3;
    double w[LEARNER_MAX_DOUBLES], doubles[256], square[9], y[3];
    const double x[3] = { 0.3, -0.7, 1.1 };
    int index[8], ranks[8];
    ck_assert_uint_le(sgatlin_token_doubles(&s), COUNT_OF(doubles));
    learner->start(w, learner->sizes, s.D, 5);
    const SgatlinToken saved = sgatlin_token(doubles, index, &s);
    const SgatlinWeights weights = sgatlin_views(w, &s);
    sgatlin_forward(y, &saved, ranks, x, &weights, &s);
    sgatlin_square(square, &saved, &weights, &s);
    double sum = 0.0;
    for (int i = 0; i < 9; i++) sum += square[i] * x[i / 3] * x[i % 3];
    ck_assert_double_gt(y[0] * y[0], 1e-6);
    expect_within("y[0]", &sum, y, 1, (Tolerance){ .absolute = 1e-13 });
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { costs_by_hand },
        { every_counted_weight_is_used, LEARNERS },
        { gradients_are_finite_differences, 2 * LEARNERS },
        { square_is_the_layer, 2 },
    };
    return run_tests("06 learners", tests, COUNT_OF(tests));
}
