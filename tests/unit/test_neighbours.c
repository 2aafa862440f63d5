// Cosine neighbours against a search through all pairs of dense vectors.
#include "reference/circuits/neighbours.h"
#include "reference/numbers/parallel.h"
#include "tests/harness/random_circuits.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static Error error;

static const struct {
    int N, K, F, count;
} sizes[] = { { 1, 1, 1, 3 },    { 2, 1, 1, 1 },   { 3, 2, 5, 9 },      { 37, 5, 17, 36 },
              { 129, 8, 64, 7 }, { 64, 3, 3, 64 }, { 300, 16, 499, 15 } };

static NeighbourIndex new_index(const Circuits *circuits) {
    NeighbourIndex index;
    ck_assert_msg(neighbour_index_new(&index, circuits, &error), "%s", error.text);
    return index;
}

static double dense_distance(const double *a, const double *b, int F) {
    double ab = 0, aa = 0, bb = 0;
    for (int f = 0; f < F; f++) {
        ab += a[f] * b[f];
        aa += a[f] * a[f];
        bb += b[f] * b[f];
    }
    return aa * bb > 0 ? 1 - ab / sqrt(aa * bb) : 1;
}

// The nearest of dense vectors by repeated search for the next one.
static void check_query(const Neighbour *actual, const double *query, const double *dense, int N,
                        int F, int self, int count) {
    double *distance = malloc((size_t)N * sizeof *distance); // INFINITY: found, or left out
    ck_assert(distance != NULL);
    for (int n = 0; n < N; n++)
        distance[n] = n == self ? INFINITY : dense_distance(query, dense + (size_t)n * F, F);
    for (int i = 0; i < count; i++) {
        int best = NO_CIRCUIT;
        double least = INFINITY;
        for (int n = 0; n < N; n++) {
            if (!(distance[n] < least)) continue;
            least = distance[n];
            best = n;
        }
        ck_assert_msg(actual[i].circuit == best, "neighbour %d is %d, expected %d", i,
                      actual[i].circuit, best);
        if (best == NO_CIRCUIT) continue;
        ck_assert_float_eq(actual[i].distance, (float)fmax(least, 0));
        distance[best] = INFINITY;
    }
    free(distance);
}

static void check_neighbours(const Circuits *circuits, const Circuits *queries, bool themselves,
                             int count) {
    NeighbourIndex index = new_index(circuits);
    size_t F = (size_t)circuits->F, Q = (size_t)queries->N;
    Neighbour *nearest = malloc(Q * (size_t)count * sizeof *nearest);
    int32_t *self = malloc(Q * sizeof *self);
    double *dense = malloc((size_t)circuits->N * F * sizeof *dense);
    double *query = malloc(Q * F * sizeof *query);
    ck_assert(nearest != NULL && self != NULL && dense != NULL && query != NULL);
    for (int q = 0; q < queries->N; q++) self[q] = themselves ? q : NO_CIRCUIT;
    dense_circuits(dense, circuits);
    dense_circuits(query, queries);
    const int32_t *left_out = themselves ? self : NULL;
    ck_assert_msg(neighbours_find(nearest, &index, queries, left_out, count, &error), "%s",
                  error.text);
    for (size_t q = 0; q < Q; q++)
        check_query(nearest + q * (size_t)count, query + q * F, dense, circuits->N, (int)F, self[q],
                    count);
    free(nearest);
    free(self);
    free(dense);
    free(query);
    neighbour_index_free(&index);
}

START_TEST(neighbours_are_those_of_a_search_through_all)
{
    Circuits circuits = random_circuits(sizes[_i].N, sizes[_i].K, sizes[_i].F, 1);
    Circuits others = random_circuits(11, 2, sizes[_i].F < 2 ? 2 : sizes[_i].F, 2);
    check_neighbours(&circuits, &circuits, true, sizes[_i].count);
    check_neighbours(&circuits, &circuits, false, sizes[_i].count);
    if (others.F == circuits.F) check_neighbours(&circuits, &others, false, sizes[_i].count);
    circuits_free(&circuits);
    circuits_free(&others);
}
END_TEST

START_TEST(equal_circuits_have_no_distance_whatever_their_scores)
{
    int32_t indices[] = { 5, 0, 3, 0, 3, 5, 3, 0, NO_EXPERT, 1, 2, 4 };
    float scores[] = { 0.1f, 0.7f, -0.3f, 0.7f, -0.3f, 0.1f, 1e-30f, 3e-30f, 0, 0, 0, 0 };
    Circuits circuits = { 4, 3, 6, indices, scores };
    NeighbourIndex index = new_index(&circuits);
    double distance[4];
    Circuits first = circuit_view(&circuits, 0), zero = circuit_view(&circuits, 3);
    ck_assert(neighbour_distances(distance, &index, &first, &error));
    ck_assert_double_eq(distance[0], 0);
    ck_assert_double_eq(distance[1], 0); // the same entries in another order
    ck_assert(distance[2] > 0.01 && distance[2] < 1);
    ck_assert_double_eq(distance[3], 1); // zeros
    Circuits small = circuit_view(&circuits, 2);
    ck_assert(neighbour_distances(distance, &index, &small, &error));
    ck_assert_double_eq(distance[2], 0);
    ck_assert(neighbour_distances(distance, &index, &zero, &error));
    for (int n = 0; n < 4; n++) ck_assert_double_eq(distance[n], 1);
    neighbour_index_free(&index);
}
END_TEST

START_TEST(an_index_of_nothing_finds_nothing)
{
    Circuits none = { .F = 4, .K = 2 }, query = random_circuits(3, 2, 4, 1);
    NeighbourIndex index = new_index(&none);
    Neighbour nearest[3 * 2] = { { 7, 7 } };
    ck_assert(neighbours_find(nearest, &index, &query, NULL, 2, &error));
    for (int i = 0; i < 6; i++) ck_assert_int_eq(nearest[i].circuit, NO_CIRCUIT);
    ck_assert(neighbours_find(NULL, &index, &query, NULL, 0, &error));
    ck_assert(neighbours_find(NULL, &index, &none, NULL, 2, &error));
    circuits_free(&query);
    neighbour_index_free(&index);
}
END_TEST

static void must_fail(const Circuits *circuits, const char *message) {
    NeighbourIndex index;
    ck_assert(!neighbour_index_new(&index, circuits, &error));
    ck_assert_msg(strstr(error.text, message) != NULL, "%s", error.text);
    ck_assert(index.start == NULL);
}

START_TEST(circuits_that_cannot_be_compared_are_refused)
{
    Circuits circuits = random_circuits(5, 3, 9, 1), fewer = random_circuits(2, 3, 8, 1);
    NeighbourIndex index = new_index(&circuits);
    Neighbour nearest[2];
    ck_assert(!neighbours_find(nearest, &index, &fewer, NULL, 1, &error));
    ck_assert(strstr(error.text, "8 neurons") != NULL && strstr(error.text, "9 neurons") != NULL);
    circuits.index[0] = 9;
    must_fail(&circuits, "neuron 9; expected 0 to 8");
    circuits.index[0] = 0;
    for (int i = 0; i < 3; i++) {
        circuits.score[0] = i == 0 ? NAN : i == 1 ? INFINITY : -INFINITY;
        must_fail(&circuits, "not finite");
        ck_assert(!neighbours_find(nearest, &index, &circuits, NULL, 1, &error));
    }
    neighbour_index_free(&index);
    circuits_free(&circuits);
    circuits_free(&fewer);
}
END_TEST

START_TEST(threads_change_no_bit)
{
    Circuits circuits = random_circuits(700, 9, 131, 3);
    for (size_t i = 0; i < 700 * 9; i++) circuits.score[i] *= 0.1f + (float)(i % 101) / 7;
    NeighbourIndex index = new_index(&circuits);
    static Neighbour expected[700 * 20], actual[700 * 20];
    parallel_set_threads(1);
    ck_assert(neighbours_find(expected, &index, &circuits, NULL, 20, &error));
    for (int threads = 2; threads <= 5; threads += 3) {
        parallel_set_threads(threads);
        ck_assert(neighbours_find(actual, &index, &circuits, NULL, 20, &error));
        ck_assert_mem_eq(actual, expected, sizeof expected);
    }
    neighbour_index_free(&index);
    circuits_free(&circuits);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { neighbours_are_those_of_a_search_through_all, COUNT_OF(sizes) },
        { equal_circuits_have_no_distance_whatever_their_scores },
        { an_index_of_nothing_finds_nothing },
        { circuits_that_cannot_be_compared_are_refused },
        { threads_change_no_bit, .threads = NEEDS_THREADS },
    };
    return run_tests("neighbours", tests, COUNT_OF(tests));
}
