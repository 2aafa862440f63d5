// UMAP where no golden numbers are: odd sizes, duplicates, components, threads.
#include "reference/circuits/layout_measures.h"
#include "reference/circuits/random_neurons.h"
#include "reference/circuits/umap.h"
#include "reference/numbers/parallel.h"
#include "tests/harness/random_circuits.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = UMAP_NEIGHBOURS };

static Error error;

static void find(Neighbour *out, const Circuits *circuits) {
    NeighbourIndex index;
    int32_t *self = malloc((size_t)circuits->N * sizeof *self);
    ck_assert(self != NULL);
    for (int i = 0; i < circuits->N; i++) self[i] = i;
    ck_assert_msg(neighbour_index_new(&index, circuits, &error), "%s", error.text);
    ck_assert(neighbours_find(out, &index, circuits, self, COUNT, &error));
    neighbour_index_free(&index);
    free(self);
}

static UmapGraph graph_of(const Circuits *circuits) {
    UmapGraph graph;
    Neighbour *nearest = malloc((size_t)circuits->N * COUNT * sizeof *nearest);
    ck_assert(nearest != NULL);
    find(nearest, circuits);
    ck_assert(umap_graph_new(&graph, nearest, circuits->N, COUNT, &error));
    free(nearest);
    return graph;
}

// ---- scales

START_TEST(sigma_gives_the_sum_of_the_definition)
{
    Neighbour nearest[COUNT];
    for (int i = 0; i < COUNT; i++) nearest[i] = (Neighbour){ i, 0.2f + 0.03f * (float)i };
    UmapScale scale = umap_scale(nearest, COUNT, 1);
    double sum = 0;
    for (int i = 0; i < COUNT; i++)
        sum += exp(-((double)nearest[i].distance - (double)0.2f) / scale.sigma);
    ck_assert_double_eq(scale.rho, (double)0.2f);
    ck_assert_double_eq_tol(sum, log2(15), 1e-5);
}
END_TEST

START_TEST(duplicates_do_not_count_for_rho)
{
    Neighbour nearest[COUNT] = { { 0, 0 } };
    nearest[COUNT - 1].distance = 0.5f;
    UmapScale scale = umap_scale(nearest, COUNT, 0.25);
    ck_assert_double_eq(scale.rho, 0.5);
    ck_assert_double_eq(umap_weight(scale, 0), 1);
    // all at distance 0: the sum is above log2 15 for every sigma, which ends at its least
    nearest[COUNT - 1].distance = 0;
    scale = umap_scale(nearest, COUNT, 0.25);
    ck_assert_double_eq(scale.rho, 0);
    ck_assert_double_eq(scale.sigma, 0.25e-3);
}
END_TEST

// ---- the graph

static const int counts[] = { 1, 2, 3, 14, 15, 16, 97 };

START_TEST(the_graph_is_a_symmetric_union)
{
    Circuits circuits = random_circuits(counts[_i], 4, 33, 5);
    UmapGraph graph = graph_of(&circuits);
    for (int i = 0; i < graph.N; i++) {
        for (size_t e = graph.start[i]; e < graph.start[i + 1]; e++) {
            int other = graph.other[e];
            ck_assert(other != i && graph.weight[e] > 0 && graph.weight[e] <= 1);
            ck_assert(e == graph.start[i] || graph.other[e - 1] < other);
            bool found = false;
            for (size_t b = graph.start[other]; b < graph.start[other + 1]; b++)
                found = found || (graph.other[b] == i && graph.weight[b] == graph.weight[e]);
            ck_assert(found);
        }
    }
    ck_assert(counts[_i] == 1 || graph.start[graph.N] > 0);
    umap_graph_free(&graph);
    circuits_free(&circuits);
}
END_TEST

// ---- the layout

static float *layout_of(const UmapGraph *graph, uint64_t seed) {
    float *xy = calloc(2 * (size_t)graph->N, sizeof *xy);
    UmapCurve curve = umap_curve(0.1, 1);
    ck_assert(xy != NULL);
    ck_assert(umap_start(xy, graph, seed, &error));
    ck_assert(umap_descend(xy, graph, &curve, 100, seed, &error));
    for (int i = 0; i < 2 * graph->N; i++) ck_assert(isfinite(xy[i]));
    return xy;
}

START_TEST(any_number_of_points_has_a_layout)
{
    Circuits circuits = random_circuits(counts[_i], 4, 33, 5);
    UmapGraph graph = graph_of(&circuits);
    free(layout_of(&graph, 1));
    umap_graph_free(&graph);
    circuits_free(&circuits);
}
END_TEST

// 3 groups of 40 circuits that have no neuron in common; within a group any two have.
static void three_groups(int32_t *index, float *score) {
    for (int i = 0; i < 120; i++) {
        random_neurons(index + 5 * i, 5, 8, 1, (uint64_t)(5 * i));
        for (int k = 5 * i; k < 5 * i + 5; k++) {
            index[k] += i / 40 * 8;
            score[k] = 1 + (float)random_uniform(2, (uint64_t)k);
        }
    }
}

START_TEST(groups_that_share_nothing_are_apart)
{
    int32_t index[120 * 5], group[120];
    float score[120 * 5];
    three_groups(index, score);
    Circuits circuits = { 120, 5, 24, index, score };
    UmapGraph graph = graph_of(&circuits);
    for (int i = 0; i < 120; i++) {
        group[i] = i / 40;
        for (size_t e = graph.start[i]; e < graph.start[i + 1]; e++)
            ck_assert_int_eq(graph.other[e] / 40, group[i]);
    }
    for (uint64_t seed = 1; seed <= 3; seed++) {
        float *xy = layout_of(&graph, seed);
        double width;
        ck_assert(layout_silhouette(&width, xy, group, 120, 3, &error));
        ck_assert_msg(width > 0.5, "silhouette %g", width); // measured .880 to .886
        free(xy);
    }
    umap_graph_free(&graph);
}
END_TEST

START_TEST(a_seed_gives_one_layout)
{
    Circuits circuits = random_circuits(150, 4, 33, 5);
    UmapGraph graph = graph_of(&circuits);
    float *first = layout_of(&graph, 1), *again = layout_of(&graph, 1);
    float *other = layout_of(&graph, 2);
    ck_assert_mem_eq(first, again, 300 * sizeof *first);
    ck_assert_mem_ne(first, other, 300 * sizeof *first);
    free(first);
    free(again);
    free(other);
    umap_graph_free(&graph);
    circuits_free(&circuits);
}
END_TEST

START_TEST(threads_change_no_bit)
{
    Circuits circuits = random_circuits(301, 4, 33, 5);
    parallel_set_threads(1);
    UmapGraph graph = graph_of(&circuits), again;
    float *first = layout_of(&graph, 1);
    parallel_set_threads(3);
    again = graph_of(&circuits);
    float *other = layout_of(&again, 1);
    ck_assert_mem_eq(first, other, 602 * sizeof *first);
    free(first);
    free(other);
    umap_graph_free(&graph);
    umap_graph_free(&again);
    circuits_free(&circuits);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { sigma_gives_the_sum_of_the_definition },
        { duplicates_do_not_count_for_rho },
        { the_graph_is_a_symmetric_union, COUNT_OF(counts) },
        { any_number_of_points_has_a_layout, COUNT_OF(counts) },
        { groups_that_share_nothing_are_apart },
        { a_seed_gives_one_layout },
        { threads_change_no_bit, .threads = NEEDS_THREADS },
    };
    return run_tests("umap", tests, COUNT_OF(tests));
}
