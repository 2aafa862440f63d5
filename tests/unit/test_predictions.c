// The most likely next tokens.
#include "reference/circuits/predictions.h"
#include "tests/harness/suite.h"
#include <math.h>

START_TEST(the_most_likely_come_first)
{
    // TOKEN_PAD has the highest, and two are equal
    const float logits[] = { 9, 1, 3, 3, -INFINITY, 2 };
    static const int32_t order[] = { 2, 3, 5, 1, 4 };
    Prediction all[5], some[2];
    double sum = exp(9) + exp(1) + 2 * exp(3) + exp(2);
    ck_assert(predictions_of(all, logits, 5, 6));
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(all[i].token, order[i]);
        ck_assert(all[i].logit == logits[order[i]]);
        ck_assert_double_eq_tol(all[i].probability, exp(logits[order[i]]) / sum, 1e-12);
        Prediction one = prediction_of(logits, order[i], 6);
        ck_assert(one.token == order[i] && one.logit == all[i].logit);
        ck_assert(one.probability == all[i].probability);
    }
    ck_assert(predictions_of(some, logits, 2, 6));
    ck_assert(some[0].token == 2 && some[1].token == 3);
}
END_TEST

START_TEST(nan_is_refused)
{
    const float logits[] = { 1, 2, NAN };
    Prediction one;
    ck_assert(!predictions_of(&one, logits, 1, 3));
}
END_TEST

int main(void) {
    const TestRow tests[] = { { the_most_likely_come_first }, { nan_is_refused } };
    return run_tests("predictions", tests, COUNT_OF(tests));
}
