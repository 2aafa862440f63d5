// Linear CKA against matrices of inner products that are centred and multiplied as in the
// definition.
#include "reference/circuits/cka.h"
#include "reference/circuits/patch.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "tests/harness/random_circuits.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static Error error;

// a [N,N], b [N,N]: the trace of their product.
static double trace(const double *a, const double *b, int N) {
    double sum = 0;
    for (int i = 0; i < N * N; i++) sum += a[i] * b[i];
    return sum;
}

static void center(double *a, int N) {
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < N; i++) {
            double mean = 0;
            for (int j = 0; j < N; j++) mean += a[pass ? j * N + i : i * N + j] / N;
            for (int j = 0; j < N; j++) a[pass ? j * N + i : i * N + j] -= mean;
        }
    }
}

// Song's estimator, with 1'AB1 as a product of vectors.
static double unbiased(const double *a, const double *b, int N) {
    double ab = 0, sum_a = 0, sum_b = 0, rows = 0;
    for (int i = 0; i < N; i++) {
        double row_a = 0, row_b = 0;
        for (int j = 0; j < N; j++) {
            if (i == j) continue;
            ab += a[i * N + j] * b[i * N + j];
            row_a += a[i * N + j];
            row_b += b[i * N + j];
        }
        sum_a += row_a;
        sum_b += row_b;
        rows += row_a * row_b;
    }
    return (ab + sum_a * sum_b / ((N - 1.0) * (N - 2)) - 2 * rows / (N - 2)) / (N * (N - 3.0));
}

static void products(double *out, const double *x, int N, int D) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            out[i * N + j] = 0;
            for (int d = 0; d < D; d++) out[i * N + j] += x[i * D + d] * x[j * D + d];
        }
    }
}

static Cka by_definition(const float *x, const Circuits *circuits, int D) {
    int N = circuits->N, F = circuits->F;
    double *wide = malloc((size_t)N * (size_t)D * sizeof *wide);
    double *dense = malloc((size_t)N * (size_t)F * sizeof *dense);
    double *a = malloc((size_t)N * (size_t)N * sizeof *a), *b = malloc((size_t)N * (size_t)N * 8);
    ck_assert(wide != NULL && dense != NULL && a != NULL && b != NULL);
    for (int i = 0; i < N * D; i++) wide[i] = (double)x[i];
    dense_circuits(dense, circuits);
    products(a, wide, N, D);
    products(b, dense, N, F);
    Cka out;
    out.unbiased = unbiased(a, b, N) / sqrt(unbiased(a, a, N) * unbiased(b, b, N));
    center(a, N);
    center(b, N);
    out.biased = trace(a, b, N) / sqrt(trace(a, a, N) * trace(b, b, N));
    free(wide);
    free(dense);
    free(a);
    free(b);
    return out;
}

static const struct {
    int N, D, K, F;
} sizes[] = { { 5, 3, 2, 7 }, { 64, 17, 4, 33 }, { 101, 1, 6, 129 }, { 40, 64, 8, 9 } };

START_TEST(both_estimators_are_those_of_the_definition)
{
    int N = sizes[_i].N, D = sizes[_i].D;
    Circuits circuits = random_circuits(N, sizes[_i].K, sizes[_i].F, 4);
    static float x[101 * 64];
    for (int i = 0; i < N * D; i++) x[i] = 2 + (float)random_normal(9, (uint64_t)i);
    Cka expected = by_definition(x, &circuits, D), actual;
    ck_assert(cka(&actual, x, &circuits, D, &error));
    ck_assert_double_eq_tol(actual.biased, expected.biased, 1e-12);
    ck_assert_double_eq_tol(actual.unbiased, expected.unbiased, 1e-11);
    circuits_free(&circuits);
}
END_TEST

// The same vectors twice, and vectors that are unrelated: the biased estimator is far from 0 where
// there are more dimensions than points.
START_TEST(known_similarities)
{
    enum { N = 60, K = 4, F = 300 };
    Circuits circuits = random_circuits(N, K, F, 4), other = random_circuits(N, K, F, 5);
    static double dense[N * F];
    static float x[N * F];
    dense_circuits(dense, &circuits);
    for (int i = 0; i < N * F; i++) x[i] = 3 * (float)dense[i];
    Cka value;
    ck_assert(cka(&value, x, &circuits, F, &error));
    ck_assert_double_eq_tol(value.biased, 1, 1e-12);
    ck_assert_double_eq_tol(value.unbiased, 1, 1e-12);
    ck_assert(cka(&value, x, &other, F, &error));
    ck_assert_msg(value.biased > 0.3, "%g", value.biased);
    ck_assert_msg(fabs(value.unbiased) < 0.15, "%g", value.unbiased);
    circuits_free(&circuits);
    circuits_free(&other);
}
END_TEST

START_TEST(too_few_points_or_equal_vectors_have_none)
{
    Circuits circuits = random_circuits(5, 2, 9, 4);
    float same[5] = { 1, 1, 1, 1, 1 }, x[5] = { 1, 2, 3, 5, 4 };
    Cka value;
    ck_assert(cka(&value, same, &circuits, 1, &error));
    ck_assert(isnan(value.biased) && isnan(value.unbiased));
    circuits.N = 3;
    ck_assert(cka(&value, x, &circuits, 1, &error));
    ck_assert(isnan(value.biased) && isnan(value.unbiased));
    circuits.N = 0;
    ck_assert(cka(&value, x, &circuits, 1, &error));
    ck_assert(isnan(value.biased));
    circuits.N = 5;
    circuits_free(&circuits);
}
END_TEST

// Gatings that are a function of the word alone, and of its embedding: the nearest of 8 corners.
START_TEST(embeddings_are_compared_with_their_controls)
{
    enum { V = 200 };
    Config kind = { .ffn = ffn_find("sgatlin") }, config = tiny_config(&kind, V, 8);
    TinyModel tiny = tiny_model(&config, 1, 3);
    GatingRecord record;
    ck_assert(gating_record_new(&record, &config, 2 * V, &error));
    size_t D = (size_t)config.D;
    float *embedding =
        tiny.model.parameters + tensors_find(&tiny.model.tensors, "embedding")->offset;
    for (int t = 0; t < 2 * V; t++) {
        record.tokens[t] = t % V; // each twice: the first counts
        const float *row = embedding + (size_t)(t % V) * D;
        int corner = (row[0] > 0) + 2 * (row[1] > 0) + 4 * (row[2] > 0);
        size_t entry = gating_record_entry(&record, t, 0, 0);
        record.index[entry] = t < V ? corner : 0;
        record.score[entry] = 1;
    }
    EmbeddingCka value;
    ck_assert(cka_of_embeddings(&value, &tiny.model, &record, 0, 1, &error));
    ck_assert_int_eq(value.points, V);
    ck_assert_msg(value.recorded.unbiased > 0.2, "%g", value.recorded.unbiased);
    ck_assert_msg(fabs(value.shuffled.unbiased) < 0.05, "%g", value.shuffled.unbiased);
    ck_assert_msg(fabs(value.random.unbiased) < 0.05, "%g", value.random.unbiased);
    gating_record_free(&record);
    tiny_free(&tiny);
}
END_TEST

START_TEST(threads_change_no_bit)
{
    Circuits circuits = random_circuits(203, 5, 77, 4);
    static float x[203 * 31];
    for (int i = 0; i < 203 * 31; i++) x[i] = (float)random_normal(9, (uint64_t)i);
    Cka expected, actual;
    parallel_set_threads(1);
    ck_assert(cka(&expected, x, &circuits, 31, &error));
    parallel_set_threads(3);
    ck_assert(cka(&actual, x, &circuits, 31, &error));
    ck_assert_mem_eq(&actual, &expected, sizeof expected);
    circuits_free(&circuits);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { both_estimators_are_those_of_the_definition, COUNT_OF(sizes) },
        { known_similarities },
        { too_few_points_or_equal_vectors_have_none },
        { embeddings_are_compared_with_their_controls },
        { threads_change_no_bit, .threads = NEEDS_THREADS },
    };
    return run_tests("cka", tests, COUNT_OF(tests));
}
