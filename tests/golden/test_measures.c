// Circuits' measures against the golden ones: exact cosine neighbours, counts, co-activation and
// CKA in double by the sgatlin paper's conventions, and the parts of UMAP by umap-learn 0.5.12.
#include "reference/circuits/cka.h"
#include "reference/circuits/coactivation.h"
#include "reference/circuits/layout_measures.h"
#include "reference/circuits/umap.h"
#include "reference/circuits/usage.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 120, K = 6, F = 64, NEAREST = 15, OTHER = 17 };

static Error error;
static Safetensors file;
static int32_t indices[N * K], label[N];
static float scores[N * K];
static Circuits circuits = { N, K, F, indices, scores };
static NeighbourIndex neighbour_index;
static int32_t self[N];

static const SafeTensor *tensor(const char *name, size_t count) {
    const SafeTensor *found = safetensors_find(&file, name);
    ck_assert_msg(found != NULL && found->count == count, "%s", name);
    return found;
}

static void setup(void) {
    ck_assert_msg(safetensors_open(&file, "tests/golden/circuits/measures.safetensors", &error),
                  "%s", error.text);
    safetensor_to_ints(indices, tensor("indices", N * K));
    safetensor_to_floats(scores, tensor("scores", N * K));
    safetensor_to_ints(label, tensor("label", N));
    for (int i = 0; i < N; i++) self[i] = i;
    ck_assert_msg(neighbour_index_new(&neighbour_index, &circuits, &error), "%s", error.text);
}

static void teardown(void) {
    neighbour_index_free(&neighbour_index);
    safetensors_close(&file);
}

// The nearest of each circuit, self left out.
static void find(Neighbour out[], int count) {
    ck_assert_msg(neighbours_find(out, &neighbour_index, &circuits, self, count, &error), "%s",
                  error.text);
}

START_TEST(neighbours_are_the_golden_ones)
{
    static int32_t expected[N * (NEAREST + 1)];
    static double distance[N * (NEAREST + 1)], actual_distance[N * NEAREST],
        expected_distance[N * NEAREST];
    static Neighbour actual[N * NEAREST];
    safetensor_to_ints(expected, tensor("neighbour_indices", N * (NEAREST + 1)));
    safetensor_to_doubles(distance, tensor("neighbour_distances", N * (NEAREST + 1)));
    find(actual, NEAREST);
    for (int i = 0; i < N; i++) {
        const int32_t *row = expected + (size_t)i * (NEAREST + 1);
        ck_assert_int_eq(row[0], i);
        for (int n = 0; n < NEAREST; n++) {
            size_t at = (size_t)i * NEAREST + (size_t)n;
            ck_assert_msg(actual[at].circuit == row[n + 1], "circuit %d, neighbour %d: %d, not %d",
                          i, n, actual[at].circuit, row[n + 1]);
            actual_distance[at] = (double)actual[at].distance;
            expected_distance[at] = distance[(size_t)i * (NEAREST + 1) + (size_t)n + 1];
        }
    }
    // measured worst: 3.0e-8, half a unit in the last place of a float just below 1
    expect_within("distance", actual_distance, expected_distance, N * NEAREST,
                  (Tolerance){ .absolute = 6e-8 });
    ck_assert_double_eq_tol(neighbour_purity(actual, label, N, NEAREST),
                            golden_value(&file, "neighbour_purity_15"), 1e-12);
}
END_TEST

START_TEST(counts_and_gini_are_the_golden_ones)
{
    static int32_t expected[F];
    static uint64_t fired[F];
    double value;
    safetensor_to_ints(expected, tensor("counts", F));
    for (int i = 0; i < N * K; i++) fired[indices[i]]++;
    for (int f = 0; f < F; f++) ck_assert_uint_eq(fired[f], (uint64_t)expected[f]);
    ck_assert(gini_coefficient(&value, fired, F, &error));
    ck_assert_double_eq_tol(value, golden_value(&file, "gini"), 1e-12);
    Usage usage = { 1, 1, F, fired };
    ck_assert_double_eq(usage_layer_share(&usage, 0), golden_value(&file, "used_share"));
}
END_TEST

START_TEST(coactivation_is_the_golden_one)
{
    static double expected[F * F], actual[F * F];
    Coactivation coactivation;
    safetensor_to_doubles(expected, tensor("coactivation", F * F));
    ck_assert(coactivation_new(&coactivation, &circuits, &error));
    for (int i = 0; i < F; i++) {
        for (int j = 0; j < F; j++) actual[i * F + j] = coactivation_share(&coactivation, i, j);
    }
    expect_within("coactivation", actual, expected, F * F, (Tolerance){ .absolute = 1e-15 });
    coactivation_free(&coactivation);
}
END_TEST

START_TEST(cka_is_the_golden_one)
{
    static float other[N * OTHER];
    Cka value;
    safetensor_to_floats(other, tensor("other", N * OTHER));
    ck_assert(cka(&value, other, &circuits, OTHER, &error));
    ck_assert_double_eq_tol(value.biased, golden_value(&file, "linear_cka"), 1e-12);
}
END_TEST

// umap-learn computes in float.
START_TEST(umap_scales_are_the_golden_ones)
{
    static double rho[N], sigma[N], actual_rho[N], actual_sigma[N];
    static Neighbour nearest[N * UMAP_NEIGHBOURS];
    safetensor_to_doubles(rho, tensor("umap_rhos", N));
    safetensor_to_doubles(sigma, tensor("umap_sigmas", N));
    find(nearest, UMAP_NEIGHBOURS);
    double mean = umap_mean_distance(nearest, N, UMAP_NEIGHBOURS);
    for (int i = 0; i < N; i++) {
        UmapScale scale = umap_scale(nearest + (size_t)i * UMAP_NEIGHBOURS, UMAP_NEIGHBOURS, mean);
        actual_rho[i] = scale.rho;
        actual_sigma[i] = scale.sigma;
    }
    expect_within("rho", actual_rho, rho, N, (Tolerance){ .absolute = 1e-6 });
    expect_within("sigma", actual_sigma, sigma, N, (Tolerance){ .relative = 5e-5 });
}
END_TEST

START_TEST(umap_graph_is_the_golden_one)
{
    static double expected[N * N], actual[N * N];
    static Neighbour nearest[N * UMAP_NEIGHBOURS];
    UmapGraph graph;
    safetensor_to_doubles(expected, tensor("umap_graph", N * N));
    find(nearest, UMAP_NEIGHBOURS);
    ck_assert(umap_graph_new(&graph, nearest, N, UMAP_NEIGHBOURS, &error));
    for (int i = 0; i < N; i++) {
        for (size_t e = graph.start[i]; e < graph.start[i + 1]; e++) {
            ck_assert(e == graph.start[i] || graph.other[e] > graph.other[e - 1]);
            actual[i * N + graph.other[e]] = (double)graph.weight[e];
        }
    }
    expect_within("graph", actual, expected, N * N, (Tolerance){ .absolute = 1e-5 });
    umap_graph_free(&graph);
}
END_TEST

START_TEST(umap_curve_is_the_golden_one)
{
    UmapCurve curve =
        umap_curve(golden_value(&file, "umap_min_dist"), golden_value(&file, "umap_spread"));
    // two minimisers of one function: measured difference 2e-8
    ck_assert_double_eq_tol(curve.a, golden_value(&file, "umap_a"), 1e-6);
    ck_assert_double_eq_tol(curve.b, golden_value(&file, "umap_b"), 1e-6);
}
END_TEST

// Where the program that measured the golden layout met equal distances, all of them 1, it ranked
// them in another order: by position, its trustworthiness is 0.8901947.
START_TEST(measures_of_the_golden_layout_are_the_golden_ones)
{
    static float xy[2 * N];
    double trust, width;
    safetensor_to_floats(xy, tensor("umap_embedding", 2 * N));
    ck_assert(layout_trustworthiness(&trust, xy, &neighbour_index, &circuits, &error));
    ck_assert(layout_silhouette(&width, xy, label, N, 6, &error));
    ck_assert_double_eq_tol(trust, golden_value(&file, "umap_trustworthiness"), 2e-4);
    ck_assert_double_eq_tol(width, golden_value(&file, "umap_silhouette"), 1e-6);
}
END_TEST

// Layouts are random: five of umap-learn have trustworthiness .873 to .894 (mean .883) and
// silhouette .307 to .351 (.335), five of ours .875 to .887 (.880) and .333 to .374 (.352).
START_TEST(layouts_are_as_good_as_the_golden_one)
{
    static float xy[2 * N];
    static Neighbour nearest[N * UMAP_NEIGHBOURS];
    enum { SEEDS = 5 };
    double trust = 0, width = 0, value;
    UmapGraph graph;
    find(nearest, UMAP_NEIGHBOURS);
    ck_assert(umap_graph_new(&graph, nearest, N, UMAP_NEIGHBOURS, &error));
    UmapCurve curve = umap_curve(0.1, 1);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        ck_assert(umap_start(xy, &graph, seed, &error));
        ck_assert(umap_descend(xy, &graph, &curve, umap_epochs(N), seed, &error));
        ck_assert(layout_trustworthiness(&value, xy, &neighbour_index, &circuits, &error));
        trust += value / SEEDS;
        ck_assert(layout_silhouette(&value, xy, label, N, 6, &error));
        width += value / SEEDS;
    }
    ck_assert_double_eq_tol(trust, golden_value(&file, "umap_trustworthiness"), 0.03);
    ck_assert_double_eq_tol(width, golden_value(&file, "umap_silhouette"), 0.03);
    umap_graph_free(&graph);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { neighbours_are_the_golden_ones },
        { counts_and_gini_are_the_golden_ones },
        { coactivation_is_the_golden_one },
        { cka_is_the_golden_one },
        { umap_scales_are_the_golden_ones },
        { umap_graph_is_the_golden_one },
        { umap_curve_is_the_golden_one },
        { measures_of_the_golden_layout_are_the_golden_ones },
        { layouts_are_as_good_as_the_golden_one },
    };
    const TestFixture fixture = { .setup = setup, .teardown = teardown };
    return run_tests_with(&fixture, "measures", tests, COUNT_OF(tests));
}
