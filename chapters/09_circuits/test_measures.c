// Neighbours, usage and CKA: by hand, and against the golden circuits.
#include "chapters/09_circuits/cka.h"
#include "chapters/09_circuits/map_quality.h"
#include "chapters/09_circuits/neighbours.h"
#include "chapters/09_circuits/usage.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- the golden circuits

enum { N = 120, K = 6, F = 64, NEAR = 16, OTHER = 17 };

typedef struct {
    Safetensors file;
    double scores[N * K], other[N * OTHER];
    int indices[N * K], labels[N];
} Golden;

static void read_ints(int *out, const Safetensors *file, const char *name, size_t count) {
    const SafeTensor *tensor = safetensors_find(file, name);
    ck_assert_msg(tensor != NULL && tensor->count == count, "%s", name);
    safetensor_to_ints(out, tensor);
}

static void golden_open(Golden *g) {
    Error error = { "" };
    ck_assert_msg(safetensors_open(&g->file, "tests/golden/circuits/measures.safetensors", &error),
                  "%s", error.text);
    ck_assert_int_eq(golden_size(&g->file, "points"), N);
    ck_assert_int_eq(golden_size(&g->file, "K"), K);
    ck_assert_int_eq(golden_size(&g->file, "F"), F);
    read_tensor(g->scores, &g->file, "scores", N * K);
    read_tensor(g->other, &g->file, "other", N * OTHER);
    read_ints(g->indices, &g->file, "indices", N * K);
    read_ints(g->labels, &g->file, "label", N);
}

// Measured: 1.3e-15.
static void expect_value(const Golden *g, const char *key, double actual) {
    double expected = golden_value(&g->file, key);
    ck_assert_msg(fabs(actual - expected) < 1e-12, "%s is %.15g, expected %.15g", key, actual,
                  expected);
}

START_TEST(golden_neighbours)
{
    Golden g;
    static int neighbours[N * NEAR];
    static double distances[N * NEAR], scratch[N + F];
    golden_open(&g);
    all_neighbours(neighbours, distances, scratch, g.scores, g.indices, N, K, F, NEAR);
    expect_tensor_ints(&g.file, "neighbour_indices", neighbours, N * NEAR);
    expect_tensor(&g.file, "neighbour_distances", distances, N * NEAR);
    expect_value(&g, "neighbour_purity_15", purity(neighbours, g.labels, N, NEAR));
    safetensors_close(&g.file);
}
END_TEST

START_TEST(golden_usage)
{
    Golden g;
    static int counts[F], sorted[F];
    static double share[F * F];
    golden_open(&g);
    firing_counts(counts, g.indices, N, K, F);
    expect_tensor_ints(&g.file, "counts", counts, F);
    expect_value(&g, "used_share", used_share(counts, F));
    expect_value(&g, "gini", gini(sorted, counts, F));
    coactivation(share, g.indices, N, K, F);
    expect_tensor(&g.file, "coactivation", share, F * F);
    safetensors_close(&g.file);
}
END_TEST

START_TEST(golden_cka)
{
    Golden g;
    static double a[N * N], b[N * N], scratch[2 * N + F];
    golden_open(&g);
    gram_sparse(a, scratch, g.scores, g.indices, N, K, F);
    gram_dense(b, g.other, N, OTHER);
    expect_value(&g, "linear_cka", linear_cka(scratch, a, b, N));
    // by the matrices of Song's equation 5, in NumPy
    ck_assert_double_eq_tol(linear_cka_unbiased(scratch, a, b, N), 0.150083671290548, 1e-12);
    safetensors_close(&g.file);
}
END_TEST

// ---- neighbours by hand

// (3, 0, 4), (0, 0, 2), (0, -5, 0), (6, 0, 8): cosines of the first 1, 4/5, 0, 1.
START_TEST(cosines_on_paper)
{
    const double scores[] = { 3, 4, 0, 2, -5, 0, 8, 6 };
    const int indices[] = { 0, 2, 0, 2, 1, 0, 2, 0 };
    double cosines[4], dense[3], distance[3];
    int index[3];
    sparse_cosines(cosines, dense, scores, indices, scores, indices, 4, 2, 3);
    expect_by_hand("cosines", cosines, (double[]){ 1, 0.8, 0, 1 }, 4);
    const double xs[] = { 3, 0, 4, 0, 0, 2, 0, -5, 0, 6, 0, 8 };
    dense_cosines(cosines, xs, xs, 4, 3);
    expect_by_hand("dense cosines", cosines, (double[]){ 1, 0.8, 0, 1 }, 4);
    nearest(index, distance, cosines, 3, 4, 3); // of the last, itself first
    ck_assert(index[0] == 3 && index[1] == 0 && index[2] == 1);
    expect_by_hand("distances", distance, (double[]){ 0, 0, 0.2 }, 3);
}
END_TEST

START_TEST(neighbours_without_a_self)
{
    int index[3];
    double distance[3];
    nearest(index, distance, (double[]){ 0.5, 1, NAN, 1, -1 }, -1, 5, 3);
    ck_assert(index[0] == 1 && index[1] == 3 && index[2] == 0);
    expect_by_hand("distances", distance, (double[]){ 0, 0, 0.5 }, 3);
}
END_TEST

START_TEST(zeros_are_like_nothing)
{
    double cosines[2], dense[2];
    sparse_cosines(cosines, dense, (double[]){ 0 }, (int[]){ 1 }, (double[]){ 0, 3 },
                   (int[]){ 1, 1 }, 2, 1, 2);
    ck_assert(cosines[0] == 0.0 && cosines[1] == 0.0);
}
END_TEST

// ---- usage by hand

// Tokens 7, 7, 2 fire neurons {0,1}, {1,2}, {1,0}.
START_TEST(counts_on_paper)
{
    const int indices[] = { 0, 1, 1, 2, 1, 0 }, tokens[] = { 7, 7, 2 };
    int counts[4];
    bool fired[8 * 4];
    firing_counts(counts, indices, 3, 2, 4);
    ck_assert(counts[0] == 2 && counts[1] == 3 && counts[2] == 1 && counts[3] == 0);
    ck_assert_double_eq(used_share(counts, 4), 0.75);
    firing_counts_by_token(counts, fired, indices, tokens, 3, 2, 4, 8);
    ck_assert(counts[0] == 2 && counts[1] == 2 && counts[2] == 1 && counts[3] == 0);
}
END_TEST

START_TEST(gini_on_paper)
{
    int sorted[5];
    const int counts[] = { 3, 1, 4, 2 };
    ck_assert_double_eq_tol(gini(sorted, counts, 4), 0.25, 1e-15);
    ck_assert(counts[0] == 3);
    ck_assert_double_eq_tol(gini(sorted, (int[]){ 0, 0, 9, 0, 0 }, 5), 0.8, 1e-15);
    ck_assert_double_eq_tol(gini(sorted, (int[]){ 5, 5, 5, 5, 5 }, 5), 0.0, 1e-15);
    ck_assert_double_eq(gini(sorted, (int[]){ 0, 0, 0, 0, 0 }, 5), 0.0);
}
END_TEST

// {0,1}, {0,1}, {0,3} of 2 x 2 neurons: 0's partners are 1 (two thirds) and 3 (one third). 0 and 1
// share sub-key 0 of the first list; 0 and 3 share none.
START_TEST(coactivation_on_paper)
{
    const double expected[] = { 0, 2.0 / 3, 0, 1.0 / 3, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0 };
    double share[16];
    coactivation(share, (int[]){ 0, 1, 0, 1, 0, 3 }, 3, 2, 4);
    expect_by_hand("share", share, expected, 16);
    ck_assert_double_eq_tol(partners_on_a_sub_key(share, 2), (2.0 / 3 + 1 + 0) / 3, 1e-15);
    ck_assert_double_eq_tol(strongest_partner(share, 4), (2.0 / 3 + 1 + 1) / 3, 1e-15);
}
END_TEST

// ---- CKA

// A description compared with itself, or rotated and doubled: 1.
START_TEST(cka_of_the_same)
{
    enum { P = 9 };
    double x[P * 2], y[P * 2], a[P * P], b[P * P], scratch[2 * P];
    fill(x, P * 2, 1.0, 3, "x");
    for (int i = 0; i < P; i++) {
        y[2 * i] = 2 * (0.6 * x[2 * i] - 0.8 * x[2 * i + 1]) + 5;
        y[2 * i + 1] = 2 * (0.8 * x[2 * i] + 0.6 * x[2 * i + 1]) - 3;
    }
    gram_dense(a, x, P, 2);
    gram_dense(b, y, P, 2);
    ck_assert_double_eq_tol(linear_cka(scratch, a, b, P), 1.0, 1e-12);
    ck_assert_double_eq_tol(linear_cka_unbiased(scratch, a, b, P), 1.0, 1e-12);
    memset(b, 0, sizeof b);
    ck_assert_double_eq(linear_cka(scratch, a, b, P), 0.0);
    ck_assert_double_eq(linear_cka_unbiased(scratch, a, b, P), 0.0);
}
END_TEST

// Unrelated numbers: the biased value is far above 0, the unbiased ones are 0 on average. 200 pairs
// of 20 points in 10 and 30 dimensions: measured 0.45, and 0.004 with a standard error of 0.005.
START_TEST(cka_of_the_unrelated)
{
    enum { P = 20, PAIRS = 200 };
    static double x[P * 10], y[P * 30], a[P * P], b[P * P], scratch[2 * P];
    double biased = 0.0, unbiased = 0.0;
    for (uint64_t pair = 0; pair < PAIRS; pair++) {
        fill(x, P * 10, 1.0, pair, "x");
        fill(y, P * 30, 1.0, pair, "y");
        gram_dense(a, x, P, 10);
        gram_dense(b, y, P, 30);
        biased += linear_cka(scratch, a, b, P) / PAIRS;
        unbiased += linear_cka_unbiased(scratch, a, b, P) / PAIRS;
    }
    ck_assert_msg(biased > 0.3 && fabs(unbiased) < 0.015, "%.4f and %.4f", biased, unbiased);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { golden_neighbours },
        { golden_usage },
        { golden_cka },
        { cosines_on_paper },
        { neighbours_without_a_self },
        { zeros_are_like_nothing },
        { counts_on_paper },
        { gini_on_paper },
        { coactivation_on_paper },
        { cka_of_the_same },
        { cka_of_the_unrelated },
    };
    return run_tests("09 measures", tests, COUNT_OF(tests));
}
