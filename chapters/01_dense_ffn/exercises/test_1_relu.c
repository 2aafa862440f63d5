#include "tests/harness/expect.h"
#include <float.h>
#include <math.h>

double relu(double x);
double relu_derivative(double x);

static void expect_relu(double x, double value, double slope) {
    ck_assert_msg(relu(x) == value, "relu(%g) is %g, expected %g", x, relu(x), value);
    ck_assert_msg(relu_derivative(x) == slope, "relu_derivative(%g) is %g, expected %g", x,
                  relu_derivative(x), slope);
}

START_TEST(below_zero)
{ expect_relu(-3.0, 0.0, 0.0); }
END_TEST

START_TEST(above_zero)
{
    expect_relu(0.25, 0.25, 1.0);
    expect_relu(40.0, 40.0, 1.0);
}
END_TEST

// The bend is at 0, not near it. There is a zero with a minus sign, and it is not below 0.
START_TEST(at_zero)
{
    expect_relu(0.0, 0.0, 0.0);
    expect_relu(-0.0, 0.0, 0.0);
    expect_relu(-1e-3, 0.0, 0.0);
    expect_relu(-DBL_MIN, 0.0, 0.0);
    expect_relu(1e-3, 1e-3, 1.0);
    expect_relu(DBL_MIN, DBL_MIN, 1.0);
}
END_TEST

// A sum that went wrong must stay visible, not become 0. Its slope is 0: NaN is not above 0.
START_TEST(not_a_number)
{
    ck_assert_msg(isnan(relu(NAN)), "relu(NaN) is %g, expected NaN", relu(NAN));
    expect_number("relu_derivative(NaN)", relu_derivative(NAN), 0.0, 0.0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { below_zero },
        { above_zero },
        { at_zero },
        { not_a_number },
    };
    return run_tests("01-1 relu", tests, COUNT_OF(tests));
}
