#include "reference/support/random.h"
#include "tests/support/suite.h"
#include <math.h>

void softmax_gates(double *gate, const double *score, int K);
void softmax_gates_backward(double *dscore, const double *dgate, const double *gate, int K);

// exp(0) : exp(ln 3) = 1 : 3.
START_TEST(one_to_three)
{
    double gate[2];
    softmax_gates(gate, (double[]){ 0.0, log(3.0) }, 2);
    ck_assert_double_eq_tol(gate[0], 0.25, 1e-15);
    ck_assert_double_eq_tol(gate[1], 0.75, 1e-15);
}
END_TEST

START_TEST(large_scores_do_not_overflow)
{
    double gate[3];
    softmax_gates(gate, (double[]){ 1e6, 1e6, -1e6 }, 3);
    ck_assert(gate[0] == 0.5 && gate[1] == 0.5 && gate[2] == 0.0);
    softmax_gates(gate, (double[]){ -1e6 }, 1);
    ck_assert(gate[0] == 1.0);
}
END_TEST

START_TEST(backward_is_the_slope)
{
    enum { K = 5 };
    const double step = 1e-5;
    double score[K], gate[K], dgate[K], dscore[K];
    for (uint64_t k = 0; k < K; k++) {
        score[k] = random_normal(1, k);
        dgate[k] = random_normal(2, k);
    }
    softmax_gates(gate, score, K);
    softmax_gates_backward(dscore, dgate, gate, K);
    for (int i = 0; i < K; i++) {
        double slope = 0.0, kept = score[i];
        for (int sign = -1; sign <= 1; sign += 2) {
            score[i] = kept + sign * step;
            softmax_gates(gate, score, K);
            for (int k = 0; k < K; k++) slope += sign * gate[k] * dgate[k] / (2 * step);
        }
        score[i] = kept;
        ck_assert_msg(fabs(dscore[i] - slope) < 1e-8, "dscore[%d] is %.9g, the slope is %.9g", i, dscore[i], slope);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("06-2 softmax gates");
    TCase *tests = tcase_create("softmax");
    tcase_add_test(tests, one_to_three);
    tcase_add_test(tests, large_scores_do_not_overflow);
    tcase_add_test(tests, backward_is_the_slope);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
