#include "tests/harness/suite.h"
#include <math.h>

double perplexity(const double *logits, const int *targets, int T, int V);

// Equal logits: torn between all V tokens.
START_TEST(uniform_guess)
{
    static const double logits[3 * 4] = { 0 };
    static const int targets[] = { 1, 2, 3 };
    ck_assert_double_eq_tol(perplexity(logits, targets, 3, 4), 4.0, 1e-12);
}
END_TEST

// Probabilities of the targets: 1/2, then 1/8 (the second row is ln 1, ln 2, ln 5 for tokens 1, 2,
// 3, and token 0 has probability 0). The mean loss is (ln 2 + ln 8) / 2 = ln 4: the geometric mean
// of 2 and 8.
START_TEST(on_paper)
{
    double none = -10000, logits[] = { none, 0, 0, none, none, log(1), log(2), log(5) };
    static const int targets[] = { 2, 1 };
    ck_assert_double_eq_tol(perplexity(logits, targets, 2, 4), 4.0, 1e-12);
}
END_TEST

START_TEST(padding_is_not_scored)
{
    static const double logits[] = { 50, 0, 0, 0, 50, 0, 50, 0, 0 };
    static const int targets[] = { 0, 1, 0 }, none[] = { 0, 0, 0 };
    ck_assert_double_eq_tol(perplexity(logits, targets, 3, 3), 1.0, 1e-9);
    ck_assert_double_eq(perplexity(logits, none, 3, 3), 1.0);
}
END_TEST

// e^10000 overflows a double, but the loss is an ordinary number.
START_TEST(large_logits)
{
    static const double logits[] = { -10000, 10000, 9999 };
    static const int targets[] = { 1 };
    ck_assert_double_eq_tol(perplexity(logits, targets, 1, 3), 1 + exp(-1), 1e-9);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { uniform_guess },
        { on_paper },
        { padding_is_not_scored },
        { large_logits },
    };
    return run_tests("07-1 perplexity", tests, COUNT_OF(tests));
}
