// The check of gradients by finite differences: a right gradient passes, wrong ones do not.
#include "reference/numbers/random.h"
#include "tests/harness/slope.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <string.h>

enum { COUNT = 37 };

// loss = Σ (i+1)·x_i², whose central difference is exact; there is another choice from x_0 = 2 on.
typedef struct {
    double x[COUNT];
} Bowl;

static void set(void *context, const double *values) {
    memcpy(((Bowl *)context)->x, values, COUNT * sizeof *values);
}

static bool loss(void *context, double *out) {
    const Bowl *bowl = context;
    *out = 0.0;
    for (int i = 0; i < COUNT; i++) *out += (i + 1) * bowl->x[i] * bowl->x[i];
    return bowl->x[0] < 2.0;
}

static double error_of(double base_0, int wrong, double factor, bool single) {
    Bowl bowl;
    double base[COUNT], gradient[COUNT], direction[COUNT];
    for (int i = 0; i < COUNT; i++) {
        base[i] = i == 0 ? base_0 : (float)random_normal(5, (uint64_t)i);
        gradient[i] = 2 * (i + 1) * base[i];
    }
    if (wrong >= 0) gradient[wrong] *= factor;
    for (int i = 0; wrong < 0 && i < COUNT; i++) gradient[i] *= factor;
    Slope slope = { COUNT, base, gradient, set, loss, &bowl };
    slope_direction(direction, COUNT, 0.3, single, 11);
    double error = slope_error(&slope, direction, 1e-2);
    ck_assert(memcmp(bowl.x, base, sizeof base) == 0); // it is put back
    return error;
}

START_TEST(a_correct_gradient_passes)
{
    ck_assert_double_lt(error_of(1.0, -1, 1.0, false), 1e-7);
    ck_assert_double_lt(error_of(1.0, -1, 1.0, true), 1e-7);
}
END_TEST

START_TEST(a_wrong_gradient_is_found)
{
    ck_assert_double_gt(error_of(1.0, -1, 2.0, false), 1e-2); // doubled
    ck_assert_double_gt(error_of(1.0, -1, -1.0, false), 1e-2);
    for (int i = 1; i < COUNT; i++) ck_assert_double_gt(error_of(1.0, i, 1.5, false), 1e-6);
    ck_assert(!(error_of(1.0, 3, NAN, false) <= 1.0));
    ck_assert(!(error_of(1.0, 3, INFINITY, false) <= 1.0));
}
END_TEST

START_TEST(another_choice_is_no_slope)
{
    ck_assert(isnan(error_of(1.9999, -1, 1.0, false)));
    ck_assert(!isnan(error_of(1.0, -1, 1.0, false)));
}
END_TEST

START_TEST(directions_are_dense_or_single)
{
    double direction[COUNT];
    slope_direction(direction, COUNT, 0.5, false, 3);
    for (int i = 0; i < COUNT; i++) ck_assert(direction[i] != 0.0);
    slope_direction(direction, COUNT, 0.5, true, 3);
    int others = 0;
    double sum = 0.0;
    for (int i = 0; i < COUNT; i++) {
        others += direction[i] != 0.0;
        sum += direction[i];
    }
    ck_assert_int_eq(others, 1);
    ck_assert_double_eq(sum, 1.5);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_correct_gradient_passes },
        { a_wrong_gradient_is_found },
        { another_choice_is_no_slope },
        { directions_are_dense_or_single },
    };
    return run_tests("slope", tests, COUNT_OF(tests));
}
