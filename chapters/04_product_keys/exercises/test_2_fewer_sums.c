#include "chapters/04_product_keys/product_keys.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"

typedef double PairSum(void *lists, int i, int j);
void fewer_sums_top_k(double *score, int *index, const int *best_a, const int *best_b, int n, int K,
                      PairSum *sum, void *lists);

enum { MAX_N = 32 };

typedef struct {
    const double *a, *b;
    long sums;
} Lists;

static double pair_sum(void *context, int i, int j) {
    Lists *lists = context;
    lists->sums++;
    return lists->a[i] + lists->b[j];
}

// Returns how many sums were computed.
static long choose(double *score, int *index, const double *a, const double *b, int n, int K) {
    int best_a[MAX_N], best_b[MAX_N];
    Lists lists = { a, b, 0 };
    top_k(best_a, a, n, K);
    top_k(best_b, b, n, K);
    fewer_sums_top_k(score, index, best_a, best_b, n, K, pair_sum, &lists);
    return lists.sums;
}

static void expect_same(const double *a, const double *b, int n, int K) {
    double expected_score[MAX_N], score[MAX_N];
    int expected[MAX_N], index[MAX_N];
    all_pairs_top_k(expected_score, expected, a, b, n, K);
    long sums = choose(score, index, a, b, n, K);
    for (int k = 0; k < K; k++) {
        ck_assert_msg(index[k] == expected[k] && score[k] == expected_score[k],
                      "n %d K %d rank %d: pair %d with %.17g, expected %d with %.17g", n, K, k + 1,
                      index[k], score[k], expected[k], expected_score[k]);
    }
    ck_assert_msg(sums <= product_candidates(K), "K %d: %ld sums; the staircase has only %d", K,
                  sums, product_candidates(K));
}

// Compared with a search over all n² sums: random numbers, and small integers with many equal sums.
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
    double sums = 0, score[8];
    int index[8];
    for (uint64_t seed = 0; seed < 500; seed++) {
        double a[MAX_N], b[MAX_N];
        for (uint64_t i = 0; i < MAX_N; i++) {
            a[i] = random_normal(random_key(seed, "a"), i);
            b[i] = random_normal(random_key(seed, "b"), i);
        }
        sums += (double)choose(score, index, a, b, MAX_N, 8) / 500;
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
