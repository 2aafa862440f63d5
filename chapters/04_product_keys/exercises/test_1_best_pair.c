#include "chapters/04_product_keys/product_keys.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"

int best_pair(const double *a, const double *b, int n);

static void expect_best(const double *a, const double *b, int n) {
    double score;
    int expected;
    all_pairs_top_k(&score, &expected, a, b, n, 1);
    int actual = best_pair(a, b, n);
    ck_assert_msg(actual == expected, "n = %d: best_pair returns %d, but %d is the best, with %g",
                  n, actual, expected, score);
}

START_TEST(on_paper)
{
    const double a[] = { 5, 1, 4 }, b[] = { 2, 3, 0 };
    expect_number("best_pair of 5 1 4 and 2 3 0", best_pair(a, b, 3), 0 * 3 + 1, 0); // 5 + 3
}
END_TEST

START_TEST(random_lists)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        double a[20], b[20];
        for (uint64_t i = 0; i < 20; i++) {
            a[i] = random_normal(random_key(seed, "a"), i);
            b[i] = random_normal(random_key(seed, "b"), i);
        }
        expect_best(a, b, 1 + (int)(seed % 20));
    }
}
END_TEST

START_TEST(equal_sums_go_to_the_lowest)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        double a[9], b[9];
        for (uint64_t i = 0; i < 9; i++) {
            // none is above 0: a maximum that starts at 0 is wrong
            a[i] = -(double)random_below(random_key(seed, "a"), i, 3);
            b[i] = -(double)random_below(random_key(seed, "b"), i, 3);
        }
        expect_best(a, b, 1 + (int)(seed % 9));
    }
}
END_TEST

// A million numbers in each list, within three seconds: all pairs would be 10^12 sums.
START_TEST(long_lists)
{
    enum { N = 1000000, I = 7, J = 987654 };
    static double a[N], b[N];
    for (int i = 0; i < N; i++) a[i] = b[i] = (double)(i * 7919L % N);
    a[I] = b[J] = N;
    expect_number("best_pair of two lists of a million", best_pair(a, b, N), I * N + J, 0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { random_lists },
        { equal_sums_go_to_the_lowest },
        { long_lists, .seconds = 3 },
    };
    return run_tests("04-1 best pair", tests, COUNT_OF(tests));
}
