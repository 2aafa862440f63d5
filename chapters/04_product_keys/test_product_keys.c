#include "chapters/04_product_keys/product_keys.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

enum { MAX_N = 13, MAX_PAIRS = MAX_N * MAX_N };

// Random numbers, or small integers, which have many ties and exact sums.
static void fill(double *v, int n, bool integers, uint64_t key) {
    for (int i = 0; i < n; i++)
        v[i] = integers ? (double)random_below(key, (uint64_t)i, 4) - 1.0
                        : random_normal(key, (uint64_t)i);
}

// The rank of i, by counting how many come before it, without any search.
static int rank_of(const double *v, int n, int i) {
    int rank = 0;
    for (int j = 0; j < n; j++) rank += v[j] > v[i] || (v[j] == v[i] && j < i);
    return rank;
}

START_TEST(top_k_finds_the_first_k_ranks)
{
    for (int n = 1; n <= MAX_N; n++) {
        for (int K = 1; K <= n; K++) {
            double v[MAX_N];
            int index[MAX_N];
            fill(v, n, _i, random_key((uint64_t)(n * 100 + K), "v"));
            long comparisons = top_k(index, v, n, K);
            for (int k = 0; k < K; k++) ck_assert_int_eq(rank_of(v, n, index[k]), k);
            ck_assert(comparisons >= n - 1 && comparisons <= (long)n * K);
        }
    }
}
END_TEST

// On paper, n = 3, K = 3.  a = 5 1 4, b = 2 3 0: the table of sums, keys numbered 0 .. 8, is
//     7 8 5
//     3 4 1
//     6 7 4      highest: 8 (key 1), then 7 twice: key 0 before key 7
// Ranks: a is 5 (row 0), 4 (row 2), 1; b is 3 (column 1), 2 (column 0), 0. The pairs with
// rank_a · rank_b <= 3 are (1,1) = 8, (1,2) = 7, (1,3) = 5, (2,1) = 7, (3,1) = 4: five sums instead
// of nine.
START_TEST(three_by_three_on_paper)
{
    const double a[] = { 5, 1, 4 }, b[] = { 2, 3, 0 };
    double score[3];
    int index[3], scratch[6];
    product_top_k(score, index, a, b, 3, 3, scratch);
    ck_assert(score[0] == 8 && score[1] == 7 && score[2] == 7);
    ck_assert(index[0] == 1 && index[1] == 0 && index[2] == 7);
    ck_assert_int_eq(product_candidates(3), 5);
}
END_TEST

static void expect_same(const double *a, const double *b, int n, int K) {
    double expected_score[MAX_PAIRS], score[MAX_PAIRS];
    int expected[MAX_PAIRS], index[MAX_PAIRS], scratch[2 * MAX_N];
    all_pairs_top_k(expected_score, expected, a, b, n, K);
    for (int way = 0; way < 2; way++) {
        if (way == 0) square_top_k(score, index, a, b, n, K, scratch);
        if (way == 1) product_top_k(score, index, a, b, n, K, scratch);
        for (int k = 0; k < K; k++) {
            ck_assert_msg(index[k] == expected[k] && score[k] == expected_score[k],
                          "n %d K %d way %d rank %d: key %d with %g, expected %d with %g", n, K,
                          way, k, index[k], score[k], expected[k], expected_score[k]);
        }
    }
}

START_TEST(exact_against_all_pairs)
{
    for (int n = 1; n <= MAX_N; n++) {
        for (int K = 1; K <= n; K++) {
            for (uint64_t seed = 0; seed < 20; seed++) {
                double a[MAX_N], b[MAX_N];
                fill(a, n, _i, random_key(seed, "a"));
                fill(b, n, _i, random_key(seed, "b"));
                expect_same(a, b, n, K);
            }
        }
    }
}
END_TEST

// The brute force itself, against the ranks of all n² sums.
START_TEST(all_pairs_finds_the_first_k_ranks)
{
    enum { N = 5 };
    double a[N], b[N], sums[N * N], score[N * N];
    int index[N * N];
    fill(a, N, _i, random_key(1, "a"));
    fill(b, N, _i, random_key(1, "b"));
    for (int f = 0; f < N * N; f++) sums[f] = a[f / N] + b[f % N];
    all_pairs_top_k(score, index, a, b, N, N * N);
    for (int k = 0; k < N * N; k++) {
        ck_assert_int_eq(rank_of(sums, N * N, index[k]), k);
        ck_assert(score[k] == sums[index[k]]);
    }
}
END_TEST

// No candidate may be left out: with rank_a ones in a and rank_b ones in b, rank_a · rank_b
// <= K pairs have the highest sum, and the pair of these ranks is the last of them.
START_TEST(every_candidate_can_be_chosen)
{
    enum { K = 8 };
    int candidates = 0;
    for (int rank_a = 1; rank_a <= K; rank_a++) {
        for (int rank_b = 1; rank_a * rank_b <= K; rank_b++, candidates++) {
            double a[K], b[K], score[K];
            int index[K], scratch[2 * K], found = 0;
            for (int i = 0; i < K; i++) {
                a[i] = i < rank_a;
                b[i] = i < rank_b;
            }
            product_top_k(score, index, a, b, K, K, scratch);
            for (int k = 0; k < K; k++) found += index[k] == (rank_a - 1) * K + rank_b - 1;
            ck_assert_int_eq(found, 1);
            expect_same(a, b, K, K);
        }
    }
    ck_assert_int_eq(candidates, 20);
    ck_assert_int_eq(product_candidates(8), 20);
    ck_assert_int_eq(product_candidates(16), 50);
    ck_assert_int_eq(product_candidates(1), 1);
}
END_TEST

// NaN displaces no number: all sums that are numbers come first, as in the search over all pairs.
START_TEST(nan_comes_after_every_number)
{
    enum { N = 6, K = 5 };
    for (uint64_t seed = 0; seed < 200; seed++) {
        double a[N], b[N], expected_score[K], score[K];
        int expected[K], index[K], scratch[2 * K];
        fill(a, N, _i, random_key(seed, "a"));
        fill(b, N, _i, random_key(seed, "b"));
        for (uint64_t i = 0; i < 4; i++)
            (i % 2 ? a : b)[random_below(random_key(seed, "at"), i, N)] = NAN;
        all_pairs_top_k(expected_score, expected, a, b, N, K);
        product_top_k(score, index, a, b, N, K, scratch);
        for (int k = 0; k < K; k++) {
            ck_assert_int_eq(isnan(score[k]), isnan(expected_score[k]));
            if (!isnan(score[k]))
                ck_assert(index[k] == expected[k] && score[k] == expected_score[k]);
        }
    }
}
END_TEST

// Exact for real numbers. In floating point two different sums may round to the same number; then
// brute force goes by the index, while the product search still goes by the better sub-score.
START_TEST(rounding_can_make_two_sums_equal)
{
    const double a[] = { 1.0, 2.0 }, b[] = { 1e20, -1e20 };
    double score;
    int all, product, scratch[2];
    all_pairs_top_k(&score, &all, a, b, 2, 1);
    ck_assert(a[0] + b[0] == a[1] + b[0]);
    ck_assert_int_eq(all, 0);
    product_top_k(&score, &product, a, b, 2, 1, scratch);
    ck_assert_int_eq(product, 2);
}
END_TEST

// Integer sub-keys, so that every score is exact: a search over the n² keys themselves finds the
// same.
START_TEST(the_sums_of_sub_keys_are_the_flat_keys)
{
    enum { N = 7, WIDTH = 3, K = 5 };
    double query[WIDTH], first[N * WIDTH], second[N * WIDTH], keys[N * N * WIDTH], a[N], b[N],
        flat[N * N], score[K];
    int index[K], expected[K], scratch[2 * K];
    fill(query, WIDTH, true, random_key(2, "query"));
    fill(first, N * WIDTH, true, random_key(2, "first"));
    fill(second, N * WIDTH, true, random_key(2, "second"));
    for (int f = 0; f < N * N; f++) {
        for (int d = 0; d < WIDTH; d++)
            keys[f * WIDTH + d] = first[f / N * WIDTH + d] + second[f % N * WIDTH + d];
    }
    key_scores(flat, query, keys, N * N, WIDTH);
    top_k(expected, flat, N * N, K);
    key_scores(a, query, first, N, WIDTH);
    key_scores(b, query, second, N, WIDTH);
    product_top_k(score, index, a, b, N, K, scratch);
    for (int k = 0; k < K; k++) {
        ck_assert_int_eq(index[k], expected[k]);
        ck_assert(score[k] == flat[expected[k]]);
    }
}
END_TEST

START_TEST(backward_is_the_slope_of_the_chosen_scores)
{
    enum { N = 5, K = 4 };
    const double step = 1e-4, dscore[K] = { 0.5, -2.0, 3.0, 1.5 };
    double a[N], b[N], da[N] = { 0 }, db[N] = { 0 }, score[K];
    int index[K], moved[K], scratch[2 * K];
    fill(a, N, false, random_key(3, "a"));
    fill(b, N, false, random_key(3, "b"));
    product_top_k(score, index, a, b, N, K, scratch);
    product_backward(da, db, dscore, index, N, K);
    for (int i = 0; i < 2 * N; i++) {
        double *x = i < N ? &a[i] : &b[i - N], original = *x, slope = 0.0;
        for (int sign = -1; sign <= 1; sign += 2) {
            *x = original + sign * step;
            product_top_k(score, moved, a, b, N, K, scratch);
            for (int k = 0; k < K; k++) {
                ck_assert_int_eq(moved[k], index[k]); // otherwise the slope is undefined
                slope += sign * dscore[k] * score[k] / (2 * step);
            }
        }
        *x = original;
        ck_assert_double_eq_tol(i < N ? da[i] : db[i - N], slope, 1e-9);
    }
    product_backward(da, db, dscore, index, N, K); // added, not written
    double sum = 0.0;
    for (int i = 0; i < N; i++) sum += da[i];
    ck_assert_double_eq_tol(sum, 2 * 3.0, 1e-12);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { top_k_finds_the_first_k_ranks, 2 },
        { three_by_three_on_paper },
        { all_pairs_finds_the_first_k_ranks, 2 },
        { exact_against_all_pairs, 2 },
        { every_candidate_can_be_chosen },
        { nan_comes_after_every_number, 2 },
        { rounding_can_make_two_sums_equal },
        { the_sums_of_sub_keys_are_the_flat_keys },
        { backward_is_the_slope_of_the_chosen_scores },
    };
    return run_tests("04 product keys", tests, COUNT_OF(tests));
}
