// The measures of circuits against chapter 09: neighbours, counts, co-activation, CKA and UMAP's
// graph, on random circuits with duplicates and zeros.
#include "chapters/09_circuits/cka.h"
#include "chapters/09_circuits/fuzzy_graph.h"
#include "chapters/09_circuits/neighbours.h"
#include "chapters/09_circuits/usage.h"
#include "reference/circuits/cka.h"
#include "reference/circuits/coactivation.h"
#include "reference/circuits/random_neurons.h"
#include "reference/circuits/umap.h"
#include "reference/circuits/usage.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdlib.h>

enum { MAX_N = 151, MAX_K = 8, MAX_F = 100, D = 13, V = 40, COUNT = UMAP_NEIGHBOURS };

static const struct {
    int N, K, F;
} sizes[] = { { 20, 1, 1 }, { 37, 3, 7 }, { 97, 5, 49 }, { 151, 8, 100 } };

static Error error;
static int N, K, F;
static int32_t indices[MAX_N * MAX_K];
static float scores[MAX_N * MAX_K];
static double wide[MAX_N * MAX_K];
static Circuits circuits;

// Full circuits, as chapter 09 has them: every fifth is a copy of an earlier one; some scores are
// 0.
static void make(int i) {
    N = sizes[i].N, K = sizes[i].K, F = sizes[i].F;
    for (int n = 0; n < N; n++) {
        random_neurons(indices + n * K, K, F, 1, (uint64_t)(n * K));
        for (int k = n * K; k < (n + 1) * K; k++) {
            bool copy = n % 5 == 4;
            if (copy) indices[k] = indices[k - 4 * K];
            scores[k] = copy          ? scores[k - 4 * K]
                        : n % 11 == 6 ? 0
                                      : (float)random_normal(2, (uint64_t)k);
            wide[k] = (double)scores[k];
        }
    }
    circuits = (Circuits){ N, K, F, indices, scores };
}

static Neighbour nearest_of[MAX_N * COUNT];
static int expected_nearest[MAX_N * (COUNT + 1)];
static double distances[MAX_N * (COUNT + 1)];

static void find(void) {
    static double scratch[MAX_N + MAX_F];
    int32_t self[MAX_N];
    NeighbourIndex index;
    for (int n = 0; n < N; n++) self[n] = n;
    ck_assert(neighbour_index_new(&index, &circuits, &error));
    ck_assert(neighbours_find(nearest_of, &index, &circuits, self, COUNT, &error));
    neighbour_index_free(&index);
    all_neighbours(expected_nearest, distances, scratch, wide, indices, N, K, F, COUNT + 1);
}

// Sums are rounded in another order, so that equal distances may be ranked
// otherwise.
START_TEST(neighbours_are_the_chapters)
{
    make(_i);
    find();
    int other = 0;
    for (int n = 0; n < N; n++) {
        for (int i = 0; i < COUNT; i++) {
            Neighbour actual = nearest_of[n * COUNT + i];
            ck_assert_double_eq_tol((double)actual.distance, distances[n * (COUNT + 1) + i + 1],
                                    1.2e-7); // half a unit in the last place of a float below 2
            other += actual.circuit != expected_nearest[n * (COUNT + 1) + i + 1];
        }
    }
    ck_assert_msg(F == 1 || other <= N * COUNT / 50, "%d of %d are others", other, N * COUNT);
}
END_TEST

START_TEST(counts_gini_and_pairs_are_the_chapters)
{
    make(_i);
    static int counts[MAX_F], sorted[MAX_F], tokens[MAX_N];
    static bool fired[V * MAX_F];
    static double share[MAX_F * MAX_F];
    int32_t own[MAX_N];
    for (int n = 0; n < N; n++) own[n] = tokens[n] = n * n % V;
    Config config = { .ffn = ffn_find("sgatlin"), .V = V, .L = 1, .C = 1, .F = F, .K = K };
    GatingRecord record = { config, N, 1, 1, K, F, false, 0, own, indices, scores };
    Usage usage;
    double actual;
    ck_assert(usage_of_tokens(&usage, &record, 0, &error));
    firing_counts_by_token(counts, fired, indices, tokens, N, K, F, V);
    for (int f = 0; f < F; f++) ck_assert_uint_eq(usage.fired[f], (uint64_t)counts[f]);
    ck_assert(usage_gini(&actual, &usage, 0, &error));
    ck_assert_double_eq_tol(actual, gini(sorted, counts, F), 1e-12);
    ck_assert_double_eq(usage_layer_share(&usage, 0), used_share(counts, F));
    usage_free(&usage);
    ck_assert(usage_of_record(&usage, &record, &error));
    firing_counts(counts, indices, N, K, F);
    for (int f = 0; f < F; f++) ck_assert_uint_eq(usage.fired[f], (uint64_t)counts[f]);
    usage_free(&usage);
    Coactivation pairs;
    ck_assert(coactivation_new(&pairs, &circuits, &error));
    coactivation(share, indices, N, K, F);
    for (int i = 0; i < F * F; i++)
        ck_assert_double_eq_tol(coactivation_share(&pairs, i / F, i % F), share[i], 1e-14);
    coactivation_free(&pairs);
}
END_TEST

START_TEST(cka_is_the_chapters)
{
    make(_i);
    static float x[MAX_N * D];
    static double x64[MAX_N * D], a[MAX_N * MAX_N], b[MAX_N * MAX_N], dense[MAX_F],
        scratch[4 * MAX_N + 16];
    for (int i = 0; i < N * D; i++) x64[i] = x[i] = (float)random_normal(3, (uint64_t)i);
    gram_dense(a, x64, N, D);
    gram_sparse(b, dense, wide, indices, N, K, F);
    Cka actual;
    ck_assert(cka(&actual, x, &circuits, D, &error));
    ck_assert_double_eq_tol(actual.biased, linear_cka(scratch, a, b, N), 1e-12);
    ck_assert_double_eq_tol(actual.unbiased, linear_cka_unbiased(scratch, a, b, N), 1e-11);
}
END_TEST

// From the same neighbours: those of the reference.
START_TEST(the_graph_is_the_chapters)
{
    make(_i);
    find();
    static double rho[MAX_N], sigma[MAX_N], graph[MAX_N * MAX_N], actual[MAX_N * MAX_N];
    for (int n = 0; n < N; n++) {
        expected_nearest[n * (COUNT + 1)] = n;
        distances[n * (COUNT + 1)] = 0;
        for (int i = 0; i < COUNT; i++) {
            expected_nearest[n * (COUNT + 1) + i + 1] = nearest_of[n * COUNT + i].circuit;
            distances[n * (COUNT + 1) + i + 1] = (double)nearest_of[n * COUNT + i].distance;
        }
    }
    neighbour_scales(rho, sigma, distances, N, COUNT + 1);
    fuzzy_graph(graph, expected_nearest, distances, rho, sigma, N, COUNT + 1);
    double mean = umap_mean_distance(nearest_of, N, COUNT);
    for (int n = 0; n < N; n++) {
        UmapScale scale = umap_scale(nearest_of + n * COUNT, COUNT, mean);
        ck_assert_double_eq(scale.rho, rho[n]);
        ck_assert_double_eq_tol(scale.sigma, sigma[n], 1e-9 + 1e-9 * sigma[n]);
    }
    UmapGraph edges;
    ck_assert(umap_graph_new(&edges, nearest_of, N, COUNT, &error));
    for (int i = 0; i < N * N; i++) actual[i] = 0;
    for (int i = 0; i < N; i++) {
        for (size_t e = edges.start[i]; e < edges.start[i + 1]; e++)
            actual[i * N + edges.other[e]] = (double)edges.weight[e];
    }
    for (int i = 0; i < N * N; i++) ck_assert_double_eq_tol(actual[i], graph[i], 1e-7);
    umap_graph_free(&edges);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { neighbours_are_the_chapters, COUNT_OF(sizes) },
        { counts_gini_and_pairs_are_the_chapters, COUNT_OF(sizes) },
        { cka_is_the_chapters, COUNT_OF(sizes) },
        { the_graph_is_the_chapters, COUNT_OF(sizes) },
    };
    return run_tests("chain: circuits", tests, COUNT_OF(tests));
}
