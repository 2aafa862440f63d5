#include "tests/harness/expect.h"

void count_firing(long *count, const int *index, int entries);
double gini(const long *count, long *sorted, int F);

static void expect_counts(const long *count, const long *expected, int F) {
    for (int f = 0; f < F; f++)
        ck_assert_msg(count[f] == expected[f], "count[%d] is %ld, expected %ld", f, count[f],
                      expected[f]);
}

// Neuron 2 was selected twice and neuron 0 once; neuron 2 had 5 already.
START_TEST(counts_are_added)
{
    long count[4] = { 0, 0, 5, 0 };
    count_firing(count, (int[]){ 2, 0, 2 }, 3);
    expect_counts(count, (long[]){ 1, 0, 7, 0 }, 4);
}
END_TEST

// 1, 2, 3, 4: (−3·1 − 1·2 + 1·3 + 3·4) / (4·10) = 10/40. The counts stay in their order.
START_TEST(on_paper)
{
    const long count[4] = { 3, 1, 4, 2 };
    long sorted[4];
    expect_number("Gini of 3 1 4 2", gini(count, sorted, 4), 0.25, 1e-15);
    expect_counts(count, (long[]){ 3, 1, 4, 2 }, 4);
}
END_TEST

// The same with counts that a char does not hold, and with counts that an int does not hold.
START_TEST(large_counts)
{
    const long hundreds[] = { 300, 100, 400, 200 },
               billions[] = { 3000000000, 1000000000, 4000000000, 2000000000 };
    long sorted[4];
    expect_number("Gini of 300 100 400 200", gini(hundreds, sorted, 4), 0.25, 1e-15);
    expect_number("Gini of 3e9 1e9 4e9 2e9", gini(billions, sorted, 4), 0.25, 1e-15);
}
END_TEST

// All equal: 0. One has everything: (F − 1) / F. Nothing fired: 0.
START_TEST(the_ends_of_the_scale)
{
    long sorted[5];
    expect_number("Gini of 7 7 7 7 7", gini((long[]){ 7, 7, 7, 7, 7 }, sorted, 5), 0.0, 1e-15);
    expect_number("Gini of 0 0 9 0 0", gini((long[]){ 0, 0, 9, 0, 0 }, sorted, 5), 0.8, 1e-15);
    expect_number("Gini of 0 0 0 0 0", gini((long[]){ 0, 0, 0, 0, 0 }, sorted, 5), 0.0, 0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { counts_are_added },
        { on_paper },
        { large_counts },
        { the_ends_of_the_scale },
    };
    return run_tests("06-4 Gini", tests, COUNT_OF(tests));
}
