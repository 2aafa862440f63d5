#include "tests/harness/expect.h"
#include <math.h>

double perplexity(const double *logits, const int *targets, int T, int V);

// Equal logits: torn between all V tokens.
START_TEST(uniform_guess)
{
    static const double logits[3 * 4] = { 0 };
    static const int targets[] = { 1, 2, 3 };
    expect_number("perplexity of four equal logits", perplexity(logits, targets, 3, 4), 4.0, 1e-12);
}
END_TEST

// Probabilities of the targets: 1/2, then 1/8 (the second row is ln 1, ln 2, ln 5 for tokens 1, 2,
// 3, and token 0 has probability 0). The mean loss is (ln 2 + ln 8) / 2 = ln 4: the geometric mean
// of 2 and 8.
START_TEST(on_paper)
{
    double none = -10000, logits[] = { none, 0, 0, none, none, log(1), log(2), log(5) };
    static const int targets[] = { 2, 1 };
    expect_number("perplexity of 1/2 and 1/8", perplexity(logits, targets, 2, 4), 4.0, 1e-12);
}
END_TEST

// Of three targets only the second is scored, and the model is sure of it. Then none is.
START_TEST(padding_is_not_scored)
{
    static const double logits[] = { 50, 0, 0, 0, 50, 0, 50, 0, 0 };
    static const int targets[] = { 0, 1, 0 }, none[] = { 0, 0, 0 };
    expect_number("perplexity of targets 0 1 0", perplexity(logits, targets, 3, 3), 1.0, 1e-9);
    expect_number("perplexity of targets 0 0 0", perplexity(logits, none, 3, 3), 1.0, 0);
}
END_TEST

// e^10000 overflows a double, but the loss is an ordinary number: ln(1 + 1/e).
START_TEST(large_logits)
{
    static const double logits[] = { -10000, 10000, 9999 };
    static const int targets[] = { 1 };
    expect_number("perplexity of logits 10000 and 9999", perplexity(logits, targets, 1, 3),
                  1 + exp(-1), 1e-9);
}
END_TEST

// The model is sure, and wrong: the target's logit is 20000 below the other's, and so the loss is
// 20000, although e^20000 overflows. It is right about 39 other targets, so the mean is 500.
START_TEST(a_target_far_below)
{
    enum { ROWS = 40 };
    double logits[2 * ROWS];
    int targets[ROWS];
    for (int t = 0; t < ROWS; t++) {
        logits[2 * t] = t == 0 ? 10000 : -10000;
        logits[2 * t + 1] = -logits[2 * t];
        targets[t] = 1;
    }
    expect_number("ln of the perplexity", log(perplexity(logits, targets, ROWS, 2)), 500, 1e-9);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { uniform_guess }, { on_paper },           { padding_is_not_scored },
        { large_logits },  { a_target_far_below },
    };
    return run_tests("07-1 perplexity", tests, COUNT_OF(tests));
}
