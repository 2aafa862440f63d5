#include "chapters/04_product_keys/product_keys.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"

int triple_candidates(int K);
void triple_top_k(double *score, int *index, const double *a, const double *b, const double *c,
                  int n, int K, int *scratch);

enum { MAX_N = 9 };

// Compares with a search over all n³ sums.
static void expect_best(const double *a, const double *b, const double *c, int n, int K) {
    double sums[MAX_N * MAX_N * MAX_N], score[MAX_N];
    int expected[MAX_N], index[MAX_N], scratch[3 * MAX_N];
    for (int f = 0; f < n * n * n; f++) sums[f] = a[f / n / n] + b[f / n % n] + c[f % n];
    top_k(expected, sums, n * n * n, K);
    triple_top_k(score, index, a, b, c, n, K, scratch);
    for (int k = 0; k < K; k++) {
        ck_assert_msg(index[k] == expected[k] && score[k] == sums[expected[k]],
                      "n %d K %d rank %d: key %d with %g, expected %d with %g", n, K, k + 1,
                      index[k], score[k], expected[k], sums[expected[k]]);
    }
}

// Random integers, in the second run with many equal sums.
START_TEST(the_best_of_all_keys)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        int n = 1 + (int)(seed % MAX_N), K = 1 + (int)random_below(7, seed, (uint64_t)n);
        uint64_t range = _i ? 4 : 1000000; // many ties, or hardly any
        double lists[3][MAX_N];
        for (uint64_t i = 0; i < 3 * MAX_N; i++) {
            lists[i / MAX_N][i % MAX_N] = (double)random_below(random_key(seed, "list"), i, range);
        }
        expect_best(lists[0], lists[1], lists[2], n, K);
    }
}
END_TEST

// Lists of 3,000, within three seconds: all n³ keys would be 2.7·10^10 sums. Each list falls from
// its first number on, the first steepest: the best is (0,0,0), then the last index rises by 1.
START_TEST(long_lists)
{
    enum { N = 3000, CHOSEN = 50 };
    static double a[N], b[N], c[N];
    double score[CHOSEN];
    int index[CHOSEN], scratch[3 * CHOSEN];
    for (int i = 0; i < N; i++) {
        a[i] = -100000.0 * i;
        b[i] = -1000.0 * i;
        c[i] = -i;
    }
    triple_top_k(score, index, a, b, c, N, CHOSEN, scratch);
    for (int k = 0; k < CHOSEN; k++)
        ck_assert_msg(index[k] == k && score[k] == -k,
                      "rank %d: key %d with %g, expected %d with %d", k + 1, index[k], score[k], k,
                      -k);
}
END_TEST

START_TEST(how_many_candidates)
{
    static const int expected[] = { 1, 4, 7, 13, 16, 25, 28, 38 };
    for (int K = 1; K <= 8; K++)
        ck_assert_msg(triple_candidates(K) == expected[K - 1],
                      "triple_candidates(%d) is %d, expected %d", K, triple_candidates(K),
                      expected[K - 1]);
}
END_TEST

// Counted one by one.
START_TEST(how_many_candidates_for_50)
{
    int expected = 0;
    for (int i = 0; i < 50 * 50 * 50; i++)
        expected += (i / 2500 + 1) * (i / 50 % 50 + 1) * (i % 50 + 1) <= 50;
    expect_number("triple_candidates(50)", triple_candidates(50), expected, 0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { the_best_of_all_keys, 2 },
        { long_lists, .seconds = 3 },
        { how_many_candidates },
        { how_many_candidates_for_50 },
    };
    return run_tests("04-3 three lists", tests, COUNT_OF(tests));
}
