#include "tests/harness/suite.h"
#include <math.h>

double share_of_luck(const double *a, int n, const double *b, int m);

// All of a below all of b: only this deal and its mirror image are as far apart. So three seeds
// each can never say more than "one in ten".
START_TEST(three_and_three_apart)
{
    const double a[] = { 1.50, 1.52, 1.51 }, b[] = { 1.63, 1.60, 1.61 };
    ck_assert_double_eq_tol(share_of_luck(a, 3, b, 3), 2.0 / 20, 1e-15);
    ck_assert_double_eq_tol(share_of_luck(b, 3, a, 3), 2.0 / 20, 1e-15);
}
END_TEST

// 1, 2 against 3, 5: the means are 1.5 and 4, 2.5 apart. Of the six deals 1,2|3,5 and 3,5|1,2 are
// 2.5 apart, 1,3|2,5 and 2,5|1,3 are 1.5, 1,5|2,3 and 2,3|1,5 are 0.5.
START_TEST(on_paper)
{
    ck_assert_double_eq_tol(share_of_luck((double[]){ 1, 2 }, 2, (double[]){ 3, 5 }, 2), 2.0 / 6,
                            1e-15);
    ck_assert_double_eq_tol(share_of_luck((double[]){ 1, 3 }, 2, (double[]){ 2, 5 }, 2), 4.0 / 6,
                            1e-15);
    ck_assert_double_eq_tol(share_of_luck((double[]){ 1, 5 }, 2, (double[]){ 3, 2 }, 2), 1.0,
                            1e-15);
}
END_TEST

// Of unequal numbers: 4 against 1, 2, 3. 4 alone lies 2 from the others' mean, 1 alone lies 2 too;
// 2 and 3 lie 2/3.
START_TEST(one_against_three)
{
    ck_assert_double_eq_tol(share_of_luck((double[]){ 4 }, 1, (double[]){ 1, 2, 3 }, 3), 2.0 / 4,
                            1e-15);
    ck_assert_double_eq_tol(share_of_luck((double[]){ 2 }, 1, (double[]){ 1, 4, 3 }, 3), 1.0,
                            1e-15);
}
END_TEST

START_TEST(the_ends_of_the_scale)
{
    const double same[] = { 0.1, 0.1, 0.1 };
    double low[10], high[10];
    ck_assert_double_eq_tol(share_of_luck(same, 3, same, 3), 1.0, 1e-15);
    // one run tells nothing
    ck_assert_double_eq_tol(share_of_luck((double[]){ 1 }, 1, (double[]){ 2 }, 1), 1.0, 1e-15);
    for (int i = 0; i < 10; i++) {
        low[i] = 2.0 + 0.01 * i;
        high[i] = 3.0 + 0.01 * i;
    }
    ck_assert_double_eq_tol(share_of_luck(low, 10, high, 10), 2.0 / 184756, 1e-18); // 20 over 10
}
END_TEST

// In decimals the same deal comes out as another sum: equal all the same.
START_TEST(rounding_makes_no_difference)
{
    const double a[] = { 0.1, 0.2, 0.3 }, b[] = { 0.3, 0.2, 0.1 };
    ck_assert_double_eq_tol(share_of_luck(a, 3, b, 3), 1.0, 1e-15);
    const double c[] = { 0.1, 0.2 }, d[] = { 0.3, 0.5 };
    ck_assert_double_eq_tol(share_of_luck(c, 2, d, 2), 2.0 / 6, 1e-15);
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
