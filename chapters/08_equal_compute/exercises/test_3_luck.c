#include "tests/harness/expect.h"
#include <math.h>

double p_value(const double *a, int n, const double *b, int m);

// All of a are below all of b: only this assignment and its mirror image are as far apart. So with
// three seeds each the p-value is never below 1/10.
START_TEST(three_and_three_apart)
{
    const double a[] = { 1.50, 1.52, 1.51 }, b[] = { 1.63, 1.60, 1.61 };
    expect_number("p of 1.50 1.52 1.51 against 1.63 1.60 1.61", p_value(a, 3, b, 3), 2.0 / 20,
                  1e-15);
    expect_number("p of the same, the other way round", p_value(b, 3, a, 3), 2.0 / 20, 1e-15);
}
END_TEST

// 1, 2 against 3, 5: the means are 1.5 and 4, 2.5 apart. Of the six assignments 1,2|3,5 and 3,5|1,2
// are 2.5 apart, 1,3|2,5 and 2,5|1,3 are 1.5, 1,5|2,3 and 2,3|1,5 are 0.5.
START_TEST(on_paper)
{
    expect_number("p of 1 2 against 3 5", p_value((double[]){ 1, 2 }, 2, (double[]){ 3, 5 }, 2),
                  2.0 / 6, 1e-15);
    expect_number("p of 1 3 against 2 5", p_value((double[]){ 1, 3 }, 2, (double[]){ 2, 5 }, 2),
                  4.0 / 6, 1e-15);
    expect_number("p of 1 5 against 3 2", p_value((double[]){ 1, 5 }, 2, (double[]){ 3, 2 }, 2),
                  1.0, 1e-15);
}
END_TEST

// Unequal counts: 4 against 1, 2, 3. 4 alone is 2 from the mean of the others, and so is 1; 2 and 3
// are 2/3 from it.
START_TEST(one_against_three)
{
    expect_number("p of 4 against 1 2 3", p_value((double[]){ 4 }, 1, (double[]){ 1, 2, 3 }, 3),
                  2.0 / 4, 1e-15);
    expect_number("p of 2 against 1 4 3", p_value((double[]){ 2 }, 1, (double[]){ 1, 4, 3 }, 3),
                  1.0, 1e-15);
}
END_TEST

START_TEST(the_ends_of_the_scale)
{
    const double same[] = { 0.1, 0.1, 0.1 };
    double low[10], high[10];
    expect_number("p of equal losses", p_value(same, 3, same, 3), 1.0, 1e-15);
    // one run each says nothing
    expect_number("p of 1 against 2", p_value((double[]){ 1 }, 1, (double[]){ 2 }, 1), 1.0, 1e-15);
    for (int i = 0; i < 10; i++) {
        low[i] = 2.0 + 0.01 * i;
        high[i] = 3.0 + 0.01 * i;
    }
    expect_number("p of ten against ten", p_value(low, 10, high, 10), 2.0 / 184756,
                  1e-18); // 20 over 10
}
END_TEST

// The same numbers in another order have a sum that differs by rounding: they count as equal.
START_TEST(rounding_makes_no_difference)
{
    const double a[] = { 0.1, 0.2, 0.3 }, b[] = { 0.3, 0.2, 0.1 };
    expect_number("p of 0.1 0.2 0.3 against 0.3 0.2 0.1", p_value(a, 3, b, 3), 1.0, 1e-15);
    const double c[] = { 0.1, 0.2 }, d[] = { 0.3, 0.5 };
    expect_number("p of 0.1 0.2 against 0.3 0.5", p_value(c, 2, d, 2), 2.0 / 6, 1e-15);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { three_and_three_apart },
        { on_paper },
        { one_against_three },
        { the_ends_of_the_scale },
        { rounding_makes_no_difference },
    };
    return run_tests("08-3 luck", tests, COUNT_OF(tests));
}
