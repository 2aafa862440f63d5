#include "chapters/04_product_keys/product_keys.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"

long fewer_sums_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                      int *scratch);

enum { MAX_N = 32 };

static long expect_same(const double *a, const double *b, int n, int K) {
    double expected_score[MAX_N], score[MAX_N];
    int expected[MAX_N], index[MAX_N], scratch[2 * MAX_N];
    all_pairs_top_k(expected_score, expected, a, b, n, K);
    long sums = fewer_sums_top_k(score, index, a, b, n, K, scratch);
    for (int k = 0; k < K; k++) {
        ck_assert_msg(index[k] == expected[k] && score[k] == expected_score[k],
                      "n %d K %d rank %d: pair %d, expected %d", n, K, k + 1, index[k],
                      expected[k]);
    }
    ck_assert_msg(sums <= product_candidates(K), "K %d: %ld sums, more than the staircase has", K,
                  sums);
    return sums;
}

START_TEST(the_same_choice)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        int n = 1 + (int)(seed % MAX_N), K = 1 + (int)random_below(7, seed, (uint64_t)n);
        double a[MAX_N], b[MAX_N];
        for (uint64_t i = 0; i < MAX_N; i++) {
            a[i] = _i ? (double)random_below(random_key(seed, "a"), i, 4)
                      : random_normal(random_key(seed, "a"), i);
            b[i] = _i ? (double)random_below(random_key(seed, "b"), i, 4)
                      : random_normal(random_key(seed, "b"), i);
        }
        expect_same(a, b, n, K);
    }
}
END_TEST

// Normal scores, n = 32, K = 8: 20 sums by the staircase. Stopping early needs 15.7 on average.
START_TEST(fewer_sums_on_average)
{
    double sums = 0;
    for (uint64_t seed = 0; seed < 500; seed++) {
        double a[MAX_N], b[MAX_N];
        for (uint64_t i = 0; i < MAX_N; i++) {
            a[i] = random_normal(random_key(seed, "a"), i);
            b[i] = random_normal(random_key(seed, "b"), i);
        }
        sums += (double)expect_same(a, b, MAX_N, 8) / 500;
    }
    ck_assert_msg(sums < 18.0, "%.2f sums on average; expected under 18", sums);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { the_same_choice, 2 },
        { fewer_sums_on_average },
    };
    return run_tests("04-2 fewer sums", tests, COUNT_OF(tests));
}
