#include "tests/harness/expect.h"
#include <math.h>

void swiglu(double *hidden, const double *gate_up, int F);
void swiglu_backward(double *dgate_up, const double *dhidden, const double *gate_up, int F);

// swish(0) = 0; swish(ln 3) = ln 3 · 3/4; swish(-ln 3) = -ln 3 · 1/4
START_TEST(by_hand)
{
    const double gate_up[] = { 0, log(3), -log(3), 5, 4, 8 },
                 expected[] = { 0, 3 * log(3), -2 * log(3) };
    double hidden[3];
    swiglu(hidden, gate_up, 3);
    expect("hidden", hidden, expected, 3, 1e-12);
}
END_TEST

// At g = 0 the slope of swish is 1/2 and its value 0: dg = dhidden·u/2, du = 0.
START_TEST(backward_by_hand)
{
    const double gate_up[] = { 0, 6 }, dhidden[] = { 2 };
    double dgate_up[2];
    swiglu_backward(dgate_up, dhidden, gate_up, 1);
    expect("dgate_up", dgate_up, (double[]){ 6, 0 }, 2, 1e-12);
}
END_TEST

// g = 9 and u = -12, which chapter 01's glu would clamp to 7 and -7. With s = 1/(1 + e^-9),
// swish(9) is 9 s and its slope s + 9 s (1 - s).
START_TEST(no_clamps)
{
    const double gate_up[] = { 9, -12 }, dhidden[] = { 1 }, s = 1 / (1 + exp(-9)),
                 expected = 9 * s * -12, expected_dg = -12 * (s + 9 * s * (1 - s));
    double hidden[1], dgate_up[2];
    swiglu(hidden, gate_up, 1);
    expect("hidden", hidden, &expected, 1, 1e-12);
    swiglu_backward(dgate_up, dhidden, gate_up, 1);
    expect("dgate_up", dgate_up, (double[]){ expected_dg, 9 * s }, 2, 1e-12);
}
END_TEST

enum { F = 7 };
typedef struct {
    double gate_up[2 * F], dhidden[F];
} Example;

static double loss(void *example) {
    const Example *e = example;
    double hidden[F];
    swiglu(hidden, e->gate_up, F);
    return weighted_sum(hidden, e->dhidden, F);
}

START_TEST(backward_is_finite_difference)
{
    Example e;
    double dgate_up[2 * F];
    fill(e.gate_up, 2 * F, 1.0, 1, "gate_up");
    fill(e.dhidden, F, 1.0, 1, "dhidden");
    swiglu_backward(dgate_up, e.dhidden, e.gate_up, F);
    expect_slopes("dgate_up", e.gate_up, dgate_up, 2 * F, &(Slopes){ .loss = loss, .context = &e });
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { by_hand },
        { backward_by_hand },
        { no_clamps },
        { backward_is_finite_difference },
    };
    return run_tests("01-4 SwiGLU", tests, COUNT_OF(tests));
}
