#include "reference/support/random.h"
#include "tests/support/compare.h"
#include "tests/support/suite.h"
#include <math.h>

void sigmoid_gates(double *weight, const double *logit, int K);
void sigmoid_gates_backward(double *dlogit, const double *dweight, const double *logit, int K);

static void expect(const char *name, const double *got, const double *want, int count, Tolerance tolerance) {
    Difference difference;
    bool ok = compare_values(&difference, name, (Values){ got, count }, (Values){ want, count }, tolerance);
    ck_assert_msg(ok, "%s", difference.problem);
}

// sigmoid(0) = 1/2, sigmoid(log 3) = 3/4: 2/5 and 3/5. Back with dweight = (1, 0): ds = (1 - 2/5, -2/5) / (5/4), and the
// slopes of sigmoid there are 1/4 and 3/16: 12/100 and -6/100.
START_TEST(by_hand)
{
    const double logit[] = { 0, log(3) };
    double weight[2], dlogit[2];
    sigmoid_gates(weight, logit, 2);
    expect("weight", weight, (double[]){ 0.4, 0.6 }, 2, (Tolerance){ .absolute = 1e-14 });
    sigmoid_gates_backward(dlogit, (double[]){ 1, 0 }, logit, 2);
    expect("dlogit", dlogit, (double[]){ 0.12, -0.06 }, 2, (Tolerance){ .absolute = 1e-14 });
}
END_TEST

START_TEST(one_has_all_the_weight)
{
    double weight, dlogit;
    sigmoid_gates(&weight, (double[]){ -3 }, 1);
    ck_assert_double_eq(weight, 1.0);
    sigmoid_gates_backward(&dlogit, (double[]){ 5 }, (double[]){ -3 }, 1);
    ck_assert_double_eq_tol(dlogit, 0.0, 1e-14);
}
END_TEST

static double loss(const double *logit, const double *dweight, int K) {
    double weight[8], sum = 0.0;
    sigmoid_gates(weight, logit, K);
    for (int k = 0; k < K; k++) sum += weight[k] * dweight[k];
    return sum;
}

START_TEST(backward_is_finite_difference)
{
    enum { K = 5 };
    double logit[K], dweight[K], dlogit[K], numeric[K];
    for (int k = 0; k < K; k++) {
        logit[k] = 2.0 * random_normal(random_key(_i, "logit"), k);
        dweight[k] = random_normal(random_key(_i, "dweight"), k);
    }
    sigmoid_gates_backward(dlogit, dweight, logit, K);
    for (int k = 0; k < K; k++) {
        double old = logit[k], h = 1e-5;
        logit[k] = old + h;
        double more = loss(logit, dweight, K);
        logit[k] = old - h;
        numeric[k] = (more - loss(logit, dweight, K)) / (2 * h);
        logit[k] = old;
    }
    expect("dlogit", dlogit, numeric, K, (Tolerance){ .relative = 1e-6 });
}
END_TEST

int main(void) {
    Suite *suite = suite_create("exercise 02-3: sigmoid gates");
    TCase *tests = tcase_create("sigmoid_gates");
    tcase_add_test(tests, by_hand);
    tcase_add_test(tests, one_has_all_the_weight);
    tcase_add_loop_test(tests, backward_is_finite_difference, 0, 5);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
