// The parts of the map: against umap-learn's, and by hand.
#include "chapters/09_circuits/layout.h"
#include "chapters/09_circuits/map.h"
#include "chapters/09_circuits/map_quality.h"
#include "chapters/09_circuits/neighbours.h"
#include "chapters/09_circuits/spectral.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 120, K = 6, F = 64, NEAR = 15 };

// The golden circuits, and the parts of their map up to the graph.
typedef struct {
    Safetensors file;
    double scores[N * K], cosines[N * N], distances[N * NEAR], rho[N], sigma[N], graph[N * N];
    int indices[N * K], labels[N], neighbours[N * NEAR];
} Golden;
static Golden g; // too large for some stacks

static void read_ints(int *out, const char *name, size_t count) {
    const SafeTensor *tensor = safetensors_find(&g.file, name);
    ck_assert_msg(tensor != NULL && tensor->count == count, "%s", name);
    safetensor_to_ints(out, tensor);
}

static void open_golden(void) {
    static double scratch[N + F];
    Error error = { "" };
    ck_assert_msg(safetensors_open(&g.file, "tests/golden/circuits/measures.safetensors", &error),
                  "%s", error.text);
    read_tensor(g.scores, &g.file, "scores", N * K);
    read_ints(g.indices, "indices", N * K);
    read_ints(g.labels, "label", N);
    all_neighbours(g.neighbours, g.distances, scratch, g.scores, g.indices, N, K, F, NEAR);
    for (int i = 0; i < N; i++)
        sparse_cosines(g.cosines + i * N, scratch, g.scores + i * K, g.indices + i * K, g.scores,
                       g.indices, N, K, F);
    neighbour_scales(g.rho, g.sigma, g.distances, N, NEAR);
    fuzzy_graph(g.graph, g.neighbours, g.distances, g.rho, g.sigma, N, NEAR);
}

static void close_golden(void) { safetensors_close(&g.file); }

static void expect_near(const char *name, const double *actual, size_t count, Tolerance tolerance) {
    double *expected = new_doubles(count);
    read_tensor(expected, &g.file, name, count);
    expect_within(name, actual, expected, count, tolerance);
    free(expected);
}

// umap-learn computes in float. Measured: rho 9e-8, sigma 5e-7, the graph 2e-6.
START_TEST(the_graph_is_umap_learns)
{
    open_golden();
    expect_near("umap_rhos", g.rho, N, (Tolerance){ .absolute = 1e-6 });
    expect_near("umap_sigmas", g.sigma, N, (Tolerance){ .relative = 5e-5 });
    expect_near("umap_graph", g.graph, N * N, (Tolerance){ .absolute = 1e-5 });
    close_golden();
}
END_TEST

START_TEST(the_curve_is_umap_learns)
{
    open_golden();
    LayoutCurve curve =
        layout_curve(golden_value(&g.file, "umap_min_dist"), golden_value(&g.file, "umap_spread"));
    ck_assert_double_eq_tol(curve.a, golden_value(&g.file, "umap_a"), 1e-6);
    ck_assert_double_eq_tol(curve.b, golden_value(&g.file, "umap_b"), 1e-6);
    close_golden();
}
END_TEST

// The same measures of umap-learn's layout, as scikit-learn computes them.
START_TEST(map_quality_is_scikit_learns)
{
    static double y[2 * N], scratch[N + NEAR + 1];
    static int near[N * (NEAR + 1)];
    int counts[6];
    open_golden();
    read_tensor(y, &g.file, "umap_embedding", 2 * N);
    map_neighbours(near, scratch, y, N, NEAR + 1);
    double trust = trustworthiness(near, g.cosines, N, NEAR + 1);
    double gap = silhouette(scratch, counts, y, g.labels, N, 6);
    // Measured: 1.3e-4, since scikit-learn ranks equal cosines (many are 0) in any order; and 3e-9.
    ck_assert_double_eq_tol(trust, golden_value(&g.file, "umap_trustworthiness"), 1e-3);
    ck_assert_double_eq_tol(gap, golden_value(&g.file, "umap_silhouette"), 1e-7);
    close_golden();
}
END_TEST

// A layout depends on chance: twelve of umap-learn's own had trustworthiness 0.865 to 0.894 (mean
// 0.882) and silhouette 0.301 to 0.351 (mean 0.332). Ten of ours: 0.878 to 0.887 (0.881), and 0.276
// to 0.367 (0.331).
START_TEST(maps_are_as_good_as_umap_learns)
{
    enum { SEEDS = 10 };
    static double y[2 * N], scratch[N + NEAR + 1];
    static int near[N * (NEAR + 1)];
    int counts[6];
    double mean_trust = 0.0, mean_gap = 0.0;
    MapGraph graph;
    open_golden();
    ck_assert(map_graph_new(&graph, g.scores, g.indices, N, K, F));
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        ck_assert(map_layout(y, &graph, seed));
        map_neighbours(near, scratch, y, N, NEAR + 1);
        double trust = trustworthiness(near, g.cosines, N, NEAR + 1);
        double gap = silhouette(scratch, counts, y, g.labels, N, 6);
        if (getenv("MEASURE"))
            fprintf(stderr, "seed %d: trustworthiness %.4f, silhouette %.4f\n", (int)seed, trust,
                    gap);
        mean_trust += trust / SEEDS;
        mean_gap += gap / SEEDS;
    }
    ck_assert_double_eq_tol(mean_trust, golden_value(&g.file, "umap_trustworthiness"), 0.03);
    ck_assert_double_eq_tol(mean_gap, golden_value(&g.file, "umap_silhouette"), 0.03);
    map_graph_free(&graph);
    close_golden();
}
END_TEST

// ---- by hand

// Distances of a point to itself and three others: 0, 1, 1, 2. rho is 1, so the first two count 1
// each, and exp(-1/sigma) must be log2(4) - 2 = 0, to 1e-5: sigma is below 1/log(1e5) = 0.087. A
// point whose distances are all 0 has rho 0.
START_TEST(scales_on_paper)
{
    double rho[2], sigma[2];
    neighbour_scales(rho, sigma, (double[]){ 0, 1, 1, 2, 0, 0, 0, 0 }, 2, 4);
    ck_assert(rho[0] == 1.0 && rho[1] == 0.0);
    ck_assert_msg(sigma[0] >= 1e-3 && sigma[0] < 0.087, "%g", sigma[0]);
    ck_assert_double_eq_tol(sigma[1], 1e-3 * 0.5, 1e-15); // of the mean of all distances
}
END_TEST

// 0 chose 1 with certainty 1/2 and 2 with 1/4; 1 chose 0 and 2 with 1/2; 2 chose the others with 1.
START_TEST(union_on_paper)
{
    const int neighbours[] = { 0, 1, 2, 1, 0, 2, 2, 0, 1 };
    const double near = log(2), far = log(4);
    const double distances[] = { 0, near, far, 0, near, near, 0, 0, 0 };
    const double expected[] = { 0, 0.75, 1, 0.75, 0, 1, 1, 1, 0 };
    double graph[9];
    Edge edges[6];
    fuzzy_graph(graph, neighbours, distances, (double[]){ 0, 0, 0 }, (double[]){ 1, 1, 1 }, 3, 3);
    expect_by_hand("graph", graph, expected, 9);
    ck_assert_int_eq(graph_edges(edges, graph, 3), 6);
    ck_assert(edges[2].from == 1 && edges[2].to == 0);
    ck_assert_double_eq_tol(edges[2].weight, 0.75, 1e-15);
}
END_TEST

// In a ring of equal edges the second and third eigenvector are a cosine and a sine around it: the
// points of the start are a circle, in order.
START_TEST(a_ring_starts_as_a_circle)
{
    enum { RING = 12 };
    Edge edges[2 * RING];
    double vectors[2 * RING], scratch[4 * RING];
    for (int i = 0; i < RING; i++) {
        edges[2 * i] = (Edge){ i, (i + 1) % RING, 0.5 };
        edges[2 * i + 1] = (Edge){ (i + 1) % RING, i, 0.5 };
    }
    spectral_vectors(vectors, scratch, edges, 2 * RING, RING, 1);
    for (int i = 0; i < RING; i++) {
        int next = (i + 1) % RING;
        double x = vectors[i], y = vectors[RING + i], dx = vectors[next], dy = vectors[RING + next];
        ck_assert_double_eq_tol(x * x + y * y, 2.0 / RING, 1e-5);
        ck_assert_double_eq_tol(x * dx + y * dy, 2.0 / RING * cos(2 * acos(-1) / RING), 1e-5);
    }
}
END_TEST

// Two groups of eight without an edge between them come apart: each point is nearer to all of its
// own group than to any of the other.
START_TEST(groups_come_apart)
{
    enum { GROUP = 8, POINTS = 2 * GROUP, EDGES = 2 * GROUP * (GROUP - 1) };
    Edge edges[EDGES];
    double y[2 * POINTS], due[2 * EDGES];
    int M = 0;
    for (int i = 0; i < POINTS; i++) {
        for (int j = 0; j < POINTS; j++) {
            if (i != j && i / GROUP == j / GROUP) edges[M++] = (Edge){ i, j, 1.0 };
        }
    }
    ck_assert_int_eq(M, EDGES);
    fill(y, 2 * POINTS, 1.0, 2, "start");
    LayoutCurve curve = layout_curve(0.1, 1.0);
    layout_optimise(y, due, edges, EDGES, POINTS, &curve, 200, 1);
    double nearest_other = INFINITY, farthest_own = 0.0;
    for (int i = 0; i < POINTS; i++) {
        for (int j = 0; j < POINTS; j++) {
            double distance = hypot(y[2 * i] - y[2 * j], y[2 * i + 1] - y[2 * j + 1]);
            if (i / GROUP == j / GROUP)
                farthest_own = fmax(farthest_own, distance);
            else
                nearest_other = fmin(nearest_other, distance);
        }
    }
    ck_assert_msg(nearest_other > farthest_own, "%g and %g", nearest_other, farthest_own);
}
END_TEST

// On a line: 0, 1 (label 0), 4, 6 (label 1). For 0: a = 1, b = 5; for 1: 1, 4; for 4: 2, 3.5; for
// 6: 2, 5.5. A label of a single point adds 0.
START_TEST(silhouette_on_paper)
{
    double sums[3];
    int counts[3];
    const double y[] = { 0, 0, 1, 0, 4, 0, 6, 0 };
    double expected = (4.0 / 5 + 3.0 / 4 + 1.5 / 3.5 + 3.5 / 5.5) / 4;
    ck_assert_double_eq_tol(silhouette(sums, counts, y, (int[]){ 0, 0, 1, 1 }, 4, 3), expected,
                            1e-15);
    ck_assert_double_eq(silhouette(sums, counts, y, (int[]){ 0, 1, 2, 2 }, 2, 3), 0.0);
    ck_assert_double_eq_tol(purity((int[]){ 0, 1, 1, 2, 2, 1, 3, 2 }, (int[]){ 0, 0, 1, 1 }, 4, 2),
                            0.5, 1e-15);
}
END_TEST

// A map that is the original is trusted; one with two points exchanged is not.
START_TEST(trustworthiness_on_paper)
{
    enum { P = 7 };
    double cosines[P * P], y[2 * P] = { 0 }, scratch[P + 3];
    int near[P * 3];
    for (int i = 0; i < P; i++) {
        y[2 * i] = i * i;
        for (int j = 0; j < P; j++) cosines[i * P + j] = -abs(i * i - j * j);
    }
    map_neighbours(near, scratch, y, P, 3);
    ck_assert_double_eq(trustworthiness(near, cosines, P, 3), 1.0);
    y[0] = 36;
    y[2 * (P - 1)] = 0;
    // 0 and 6 now have each other's neighbours, of ranks 5 and 4 where 1 and 2 would be trusted:
    // (3 + 2) for each; 1 and 2 have 6 as a neighbour, of rank 6; 5 has 0, of rank 6.
    double too_far = 2 * (3 + 2) + 4 + 4 + 4;
    double trust = 1 - 2 * too_far / (P * 2.0 * (2 * P - 3 * 2 - 1));
    map_neighbours(near, scratch, y, P, 3);
    ck_assert_double_eq_tol(trustworthiness(near, cosines, P, 3), trust, 1e-15);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { the_graph_is_umap_learns },
        { the_curve_is_umap_learns },
        { map_quality_is_scikit_learns },
        { maps_are_as_good_as_umap_learns },
        { scales_on_paper },
        { union_on_paper },
        { a_ring_starts_as_a_circle },
        { groups_come_apart },
        { silhouette_on_paper },
        { trustworthiness_on_paper },
    };
    return run_tests("09 map", tests, COUNT_OF(tests));
}
