#include "tests/harness/suite.h"
#include <math.h>

double mean_surprise(const double *p, int count);

// A machine that is certain, and right, is never surprised.
START_TEST(certain)
{ ck_assert_double_eq_tol(mean_surprise((const double[]){ 1, 1, 1 }, 3), 0.0, 1e-15); }
END_TEST

// One of two costs ln 2, one of 55 ln 55.
START_TEST(one_of_so_many)
{
    static const int choices[] = { 2, 3, 55, 1000 };
    for (int i = 0; i < COUNT_OF(choices); i++) {
        const double p[] = { 1.0 / choices[i], 1.0 / choices[i] };
        ck_assert_double_eq_tol(mean_surprise(p, 2), log(choices[i]), 1e-12);
    }
}
END_TEST

// 1 and 1/4 cost 0 and 2 ln 2: the mean of the surprises, not the surprise at the mean of p.
START_TEST(mean_of_surprises)
{ ck_assert_double_eq_tol(mean_surprise((const double[]){ 1, 0.25 }, 2), log(2), 1e-12); }
END_TEST

// The product of these would be 10^-10000, which a double cannot hold.
START_TEST(a_long_text)
{
    double p[5000];
    for (int i = 0; i < 5000; i++) p[i] = 0.01;
    ck_assert_double_eq_tol(mean_surprise(p, 5000), log(100), 1e-9);
}
END_TEST

// One letter that the machine held to be impossible spoils everything; a very small p does not.
START_TEST(impossible)
{
    ck_assert_double_infinite(mean_surprise((const double[]){ 0.5, 0, 0.5 }, 3));
    ck_assert_double_eq_tol(mean_surprise((const double[]){ 1e-300 }, 1), 300 * log(10), 1e-9);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { certain }, { one_of_so_many }, { mean_of_surprises }, { a_long_text }, { impossible },
    };
    return run_tests("00-1 the mean surprise", tests, COUNT_OF(tests));
}
