#include "reference/support/random.h"
#include "tests/support/compare.h"
#include "tests/support/suite.h"
#include <math.h>

void swiglu(double *after, const double *halves, int F);
void swiglu_backward(double *dhalves, const double *dafter, const double *halves, int F);

static void expect(const char *name, const double *got, const double *want, int count, double relative) {
    Difference difference;
    bool ok =
        compare_values(&difference, name, (Values){ got, count }, (Values){ want, count }, (Tolerance){ 0, relative });
    ck_assert_msg(ok, "%s", difference.problem);
}

// swish(0) = 0; swish(ln 3) = ln 3 · 3/4; swish(-ln 3) = -ln 3 · 1/4
START_TEST(by_hand)
{
    const double halves[] = { 0, log(3), -log(3), 5, 4, 8 }, want[] = { 0, 3 * log(3), -2 * log(3) };
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

static double loss(const double *halves, const double *dafter, int F) {
    double after[8], sum = 0.0;
    swiglu(after, halves, F);
    for (int f = 0; f < F; f++) sum += after[f] * dafter[f];
    return sum;
}

START_TEST(backward_is_finite_difference)
{
    enum { F = 7 };
    double halves[2 * F], dafter[F], dhalves[2 * F], numeric[2 * F];
    for (int f = 0; f < 2 * F; f++) halves[f] = random_normal(random_key(1, "halves"), f);
    for (int f = 0; f < F; f++) dafter[f] = random_normal(random_key(1, "dafter"), f);
    swiglu_backward(dhalves, dafter, halves, F);
    for (int f = 0; f < 2 * F; f++) {
        double old = halves[f], h = 1e-5;
        halves[f] = old + h;
        double more = loss(halves, dafter, F);
        halves[f] = old - h;
        numeric[f] = (more - loss(halves, dafter, F)) / (2 * h);
        halves[f] = old;
    }
    expect("dhalves", dhalves, numeric, 2 * F, 1e-6);
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
