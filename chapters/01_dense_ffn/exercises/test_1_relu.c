#include "tests/harness/suite.h"

double relu(double x);
double relu_derivative(double x);

START_TEST(below_zero)
{
    ck_assert_double_eq(relu(-3.0), 0.0);
    ck_assert_double_eq(relu_derivative(-3.0), 0.0);
}
END_TEST

START_TEST(above_zero)
{
    ck_assert_double_eq(relu(0.25), 0.25);
    ck_assert_double_eq(relu(40.0), 40.0);
    ck_assert_double_eq(relu_derivative(0.25), 1.0);
    ck_assert_double_eq(relu_derivative(40.0), 1.0);
}
END_TEST

START_TEST(at_zero)
{
    ck_assert_double_eq(relu(0.0), 0.0);
    ck_assert_double_eq(relu_derivative(0.0), 0.0);
}
END_TEST

// A sum that went wrong must stay visible, not become 0.
START_TEST(not_a_number)
{ ck_assert_double_nan(relu(0.0 / 0.0)); }
END_TEST

int main(void) {
    const TestRow tests[] = {
        { below_zero },
        { above_zero },
        { at_zero },
        { not_a_number },
    };
    return run_tests("exercise 01-1: relu", tests, COUNT_OF(tests));
}
