#include "tests/harness/expect.h"
#include <math.h>

void sigmoid_gates(double *weight, const double *logit, int K);
void sigmoid_gates_backward(double *dlogit, const double *dweight, const double *logit, int K);

// sigmoid(0) = 1/2, sigmoid(log 3) = 3/4: 2/5 and 3/5. Backward with dweight = (1, 0): ds = (1 -
// 2/5, -2/5) / (5/4), and the slopes of sigmoid there are 1/4 and 3/16: 12/100 and -6/100.
START_TEST(by_hand)
{
    const double logit[] = { 0, log(3) };
    double weight[2], dlogit[2];
    sigmoid_gates(weight, logit, 2);
    expect_by_hand("weight", weight, (double[]){ 0.4, 0.6 }, 2);
    sigmoid_gates_backward(dlogit, (double[]){ 1, 0 }, logit, 2);
    expect_by_hand("dlogit", dlogit, (double[]){ 0.12, -0.06 }, 2);
}
END_TEST

START_TEST(one_has_all_the_weight)
{
    double weight, dlogit;
    sigmoid_gates(&weight, (double[]){ -3 }, 1);
    expect_number("weight[0]", weight, 1.0, 0.0);
    sigmoid_gates_backward(&dlogit, (double[]){ 5 }, (double[]){ -3 }, 1);
    expect_number("dlogit[0]", dlogit, 0.0, 1e-14);
}
END_TEST

// e^800 overflows a double, but its sigmoid is 1, and that of -800 is 0: the scores are 1, 0 and
// 1/2. Backward with dweight = (3, 0, 0): only the middle of the sigmoid has a slope, and raising
// its score takes from the first weight: 1/4 · (0 - 2) / 1.5.
START_TEST(large_logits)
{
    const double logit[] = { 800, -800, 0 };
    double weight[3], dlogit[3];
    sigmoid_gates(weight, logit, 3);
    expect_by_hand("weight", weight, (double[]){ 2.0 / 3, 0, 1.0 / 3 }, 3);
    sigmoid_gates_backward(dlogit, (double[]){ 3, 0, 0 }, logit, 3);
    expect_by_hand("dlogit", dlogit, (double[]){ 0, 0, -1.0 / 3 }, 3);
}
END_TEST

enum { K = 5 };
typedef struct {
    double logit[K], dweight[K];
} Example;

static double loss(void *example) {
    const Example *e = example;
    double weight[K];
    sigmoid_gates(weight, e->logit, K);
    return weighted_sum(weight, e->dweight, K);
}

START_TEST(backward_is_finite_difference)
{
    Example e;
    double dlogit[K];
    fill(e.logit, K, 2.0, _i, "logit");
    fill(e.dweight, K, 1.0, _i, "dweight");
    sigmoid_gates_backward(dlogit, e.dweight, e.logit, K);
    expect_slopes("dlogit", e.logit, dlogit, K, &(Slopes){ .loss = loss, .context = &e });
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { by_hand },
        { one_has_all_the_weight },
        { large_logits },
        { backward_is_finite_difference, 5 },
    };
    return run_tests("02-3 sigmoid gates", tests, COUNT_OF(tests));
}
