#include "tests/harness/expect.h"
#include <math.h>

void swiglu(double *after, const double *halves, int F);
void swiglu_backward(double *dhalves, const double *dafter, const double *halves, int F);

// swish(0) = 0; swish(ln 3) = ln 3 · 3/4; swish(-ln 3) = -ln 3 · 1/4
START_TEST(by_hand)
{
    const double halves[] = { 0, log(3), -log(3), 5, 4, 8 },
                 want[] = { 0, 3 * log(3), -2 * log(3) };
    double after[3];
    swiglu(after, halves, 3);
    expect("after", after, want, 3, 1e-12);
}
END_TEST

// At g = 0 the slope of swish is 1/2 and its value 0: dg = dafter·u/2, du = 0.
START_TEST(backward_by_hand)
{
    const double halves[] = { 0, 6 }, dafter[] = { 2 };
    double dhalves[2];
    swiglu_backward(dhalves, dafter, halves, 1);
    expect("dhalves", dhalves, (double[]){ 6, 0 }, 2, 1e-12);
}
END_TEST

enum { F = 7 };
typedef struct {
    double halves[2 * F], dafter[F];
} Example;

static double loss(void *example) {
    const Example *e = example;
    double after[F];
    swiglu(after, e->halves, F);
    return weighted_sum(after, e->dafter, F);
}

START_TEST(backward_is_finite_difference)
{
    Example e;
    double dhalves[2 * F];
    fill(e.halves, 2 * F, 1.0, 1, "halves");
    fill(e.dafter, F, 1.0, 1, "dafter");
    swiglu_backward(dhalves, e.dafter, e.halves, F);
    expect_slopes("dhalves", e.halves, dhalves, 2 * F, &(Slopes){ .loss = loss, .context = &e });
}
END_TEST

int main(void) {
    Suite *suite = suite_create("exercise 01-4: SwiGLU");
    TCase *tests = tcase_create("swiglu");
    tcase_add_test(tests, by_hand);
    tcase_add_test(tests, backward_by_hand);
    tcase_add_test(tests, backward_is_finite_difference);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
