#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdlib.h>

void over_tokens(double *Q, double *scratch, const double *logits, int T, int E);
void over_tokens_backward(double *dlogits, double *scratch, const double *dQ, const double *Q,
                          int T, int E);

enum { T = 4, E = 3, CELLS = T * E };

static void draw(double *v, const char *name) {
    for (uint64_t i = 0; i < CELLS; i++) v[i] = random_normal(random_key(1, name), i);
}

// Column 0: e^0 and e^ln3, the sum is 4. Column 1: equal logits, although e^800 overflows a double.
START_TEST(on_paper)
{
    const double logits[] = { 0, 800, log(3), 800 };
    double Q[4], scratch[4];
    over_tokens(Q, scratch, logits, 2, 2);
    expect_by_hand("Q", Q, (double[]){ 0.25, 0.5, 0.75, 0.5 }, 4);
}
END_TEST

START_TEST(backward_is_the_slope)
{
    double logits[CELLS], dQ[CELLS], Q[CELLS], dlogits[CELLS], scratch[2 * T];
    draw(logits, "logits");
    draw(dQ, "dQ");
    over_tokens(Q, scratch, logits, T, E);
    over_tokens_backward(dlogits, scratch, dQ, Q, T, E);
    for (int i = 0; i < CELLS; i++) {
        double slope = 0.0, original = logits[i];
        for (int sign = -1; sign <= 1; sign += 2) {
            logits[i] = original + sign * 1e-5;
            over_tokens(Q, scratch, logits, T, E);
            for (int j = 0; j < CELLS; j++) slope += sign * dQ[j] * Q[j] / 2e-5;
        }
        logits[i] = original;
        ck_assert_msg(fabs(dlogits[i] - slope) < 1e-8, "dlogits[%d] is %g, the slope %g", i,
                      dlogits[i], slope);
    }
}
END_TEST

// The last token's logit for expert 0 rises: the first token's score there falls, although the last
// one comes later.
START_TEST(the_score_itself_sees_later_tokens)
{
    double logits[CELLS], before[CELLS], after[CELLS], scratch[2 * T];
    draw(logits, "logits");
    over_tokens(before, scratch, logits, T, E);
    logits[(T - 1) * E] += 1.0;
    over_tokens(after, scratch, logits, T, E);
    ck_assert_msg(after[0] < before[0], "Q[0] is %g, expected below %g, what it was", after[0],
                  before[0]);
    expect_number("Q[1], of another expert", after[1], before[1], 0.0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { backward_is_the_slope },
        { the_score_itself_sees_later_tokens },
    };
    return run_tests("03-3 over tokens", tests, COUNT_OF(tests));
}
