// The tasks of the scoreboard, what is said about many starts, and how a layer learns.
#include "chapters/01_dense_ffn/dense_scores.h"
#include "chapters/tasks.h"
#include "tests/harness/expect.h"
#include <math.h>

// The middle of both tasks is 0, and their ends are known: sin(6) + 1; 1·1 and -1·1.
START_TEST(points_by_hand)
{
    const Task line = wave_task(), product = product_task();
    ck_assert_int_eq(line.points, 25);
    ck_assert_int_eq(product.points, 49);
    const double actual[] = { line.x[0],         line.x[1],       line.target[12],
                              line.x[48],        line.target[24], product.target[0],
                              product.target[6], product.x[2],    product.target[24] },
                 expected[] = { -2, 1, 0, 2, sin(6) + 1, 1, -1, 1, 0 };
    expect_within("points", actual, expected, 9, (Tolerance){ .absolute = 1e-15 });
}
END_TEST

// Errors of 1 and -3, and what is not the prediction does not count.
START_TEST(loss_by_hand)
{
    const Task task = { .D = 2, .points = 2, .target = { 5, 7 } };
    const double y[] = { 6, 100, 4, -100 };
    const double actual[] = { task_loss(&task, y), task_slope(&task, 0, 6),
                              task_slope(&task, 1, 4) };
    expect_within("loss", actual, (double[]){ (1 + 9) / 2.0, 1, -3 }, 3, (Tolerance){ 0 });
}
END_TEST

START_TEST(middles_by_hand)
{
    double even[] = { 8, NAN, 1, 2, 4, 16 }, odd[] = { 3, 1, 2, 9, 7 };
    sort_doubles(even, 6);
    sort_doubles(odd, 5);
    ck_assert(isnan(even[5]));
    const double actual[] = { even[0],
                              median(even, 6),
                              median(odd, 5),
                              quartile(even, 6, 1),
                              quartile(odd, 5, 1),
                              quartile(odd, 5, 3) };
    expect_within("middles", actual, (double[]){ 1, 6, 3, 2, 1.5, 8 }, 6, (Tolerance){ 0 });
}
END_TEST

// Two heads of two: 1/4. 15 or more of 20: 21,700 of 2^20 ways, the often quoted 0.0207.
START_TEST(sign_test_by_hand)
{
    const double a[] = { 1, 2, 3, NAN, NAN }, b[] = { 2, 2, NAN, 3, NAN };
    ck_assert_int_eq(starts_ahead(a, b, 5), 2);
    ck_assert_int_eq(starts_ahead(b, a, 5), 1);
    const double actual[] = { sign_test(0, 7), sign_test(2, 2), sign_test(4, 7),
                              sign_test(15, 20) };
    expect_within("coins", actual, (double[]){ 1, 0.25, 0.5, 21700 / 1048576.0 }, 4,
                  (Tolerance){ .absolute = 1e-15 });
}
END_TEST

// The same start ends the same; another one does not; and both have learned something: the wave's
// mean square is 0.74.
START_TEST(training_lowers_the_loss)
{
    const Task task = wave_task();
    Learner learners[MAX_LEARNERS];
    for (int i = dense_learners(learners) - 1; i >= 0; i--) {
        double w[LEARNER_MAX_DOUBLES];
        double first = learner_train(w, &learners[i], &task, LEARNER_RATE, 1),
               again = learner_train(w, &learners[i], &task, LEARNER_RATE, 1),
               other = learner_train(w, &learners[i], &task, LEARNER_RATE, 2);
        ck_assert_double_eq(first, again);
        ck_assert_double_ne(first, other);
        ck_assert_double_lt(first, 0.1);
        ck_assert_double_lt(other, 0.1);
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { points_by_hand },           { loss_by_hand }, { middles_by_hand }, { sign_test_by_hand },
        { training_lowers_the_loss },
    };
    return run_tests("01 tasks", tests, COUNT_OF(tests));
}
