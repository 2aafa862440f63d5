#include "tests/harness/suite.h"

void count_firing(long *count, const int *index, int entries);
double gini(const long *count, long *sorted, int F);

START_TEST(counts_are_added)
{
    long count[4] = { 0, 0, 5, 0 };
    count_firing(count, (int[]){ 2, 0, 2 }, 3);
    ck_assert(count[0] == 1 && count[1] == 0 && count[2] == 7 && count[3] == 0);
}
END_TEST

// 1, 2, 3, 4: (−3·1 − 1·2 + 1·3 + 3·4) / (4·10) = 10/40.
START_TEST(on_paper)
{
    const long count[4] = { 3, 1, 4, 2 };
    long sorted[4];
    ck_assert_double_eq_tol(gini(count, sorted, 4), 0.25, 1e-15);
    ck_assert(count[0] == 3 && count[3] == 2);
}
END_TEST

START_TEST(the_ends_of_the_scale)
{
    long sorted[5];
    ck_assert_double_eq_tol(gini((long[]){ 7, 7, 7, 7, 7 }, sorted, 5), 0.0, 1e-15);
    ck_assert_double_eq_tol(gini((long[]){ 0, 0, 9, 0, 0 }, sorted, 5), 0.8, 1e-15); // (F − 1) / F
    ck_assert(gini((long[]){ 0, 0, 0, 0, 0 }, sorted, 5) == 0.0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { counts_are_added },
        { on_paper },
        { the_ends_of_the_scale },
    };
    return run_tests("06-4 Gini", tests, COUNT_OF(tests));
}
