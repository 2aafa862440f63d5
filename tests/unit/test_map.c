// Maps of a recording: which positions, and where a live circuit belongs.
#include "reference/circuits/map.h"
#include "reference/circuits/positions.h"
#include "tests/harness/random_circuits.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <string.h>

static Error error;

// ---- positions

enum { T = 12, V = 6 };
static int32_t tokens[T] = { 5, 1, 3, 3, 0, 5, 2, 3, 5, 1, 1, 1 };

static GatingRecord new_record(void) {
    Config config = { .ffn = ffn_find("sgatlin"), .V = V, .L = 2, .C = 2, .F = 4, .K = 2 };
    GatingRecord record;
    ck_assert(gating_record_new(&record, &config, T, &error));
    memcpy(record.tokens, tokens, sizeof tokens);
    for (int i = 0; i < T * 2 * 2 * 2; i++) {
        record.index[i] = i % 4;
        record.score[i] = (float)i;
    }
    return record;
}

START_TEST(frequent_tokens_without_those_that_are_no_text)
{
    GatingRecord record = new_record();
    int32_t found[V];
    int count;
    ck_assert(frequent_tokens(found, &count, &record, 2, &error));
    ck_assert_int_eq(count, 2);
    ck_assert(found[0] == 3 && found[1] == 5); // three times each; 1 is TOKEN_END, 0 TOKEN_PAD
    ck_assert(frequent_tokens(found, &count, &record, V, &error));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(found[2], 2);
    gating_record_free(&record);
}
END_TEST

START_TEST(positions_of_tokens_are_spread_evenly)
{
    GatingRecord record = new_record();
    const int32_t chosen[] = { 3, 5 };
    int32_t found[T];
    int count;
    ck_assert(token_positions(found, &count, &record, chosen, 2, T, &error));
    ck_assert_int_eq(count, 6);
    ck_assert_mem_eq(found, ((int32_t[]){ 0, 2, 3, 5, 7, 8 }), 6 * sizeof *found);
    ck_assert(token_positions(found, &count, &record, chosen, 2, 3, &error));
    ck_assert_int_eq(count, 3);
    ck_assert_mem_eq(found, ((int32_t[]){ 0, 3, 7 }), 3 * sizeof *found);
    ck_assert(token_positions(found, &count, &record, chosen, 0, 3, &error));
    ck_assert_int_eq(count, 0);
    gating_record_free(&record);
}
END_TEST

START_TEST(a_record_of_positions_is_a_copy_of_them)
{
    GatingRecord record = new_record(), part;
    const int32_t positions[] = { 7, 2 };
    ck_assert(record_of_positions(&part, &record, positions, 2, &error));
    ck_assert_int_eq(part.T, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(part.tokens[i], tokens[positions[i]]);
        size_t from = gating_record_entry(&record, positions[i], 0, 0);
        ck_assert_mem_eq(part.index + i * 8, record.index + from, 8 * sizeof *part.index);
        ck_assert_mem_eq(part.score + i * 8, record.score + from, 8 * sizeof *part.score);
    }
    gating_record_free(&part);
    gating_record_free(&record);
}
END_TEST

// ---- maps

static Map new_map(int N) {
    Circuits circuits = random_circuits(N, 4, 33, 5);
    Map map;
    ck_assert_msg(map_new(&map, &circuits, 1, &error), "%s", error.text);
    ck_assert(circuits.index == NULL); // taken over
    return map;
}

START_TEST(another_seed_is_another_layout_of_one_map)
{
    Map map = new_map(90);
    float xy[2 * 90];
    ck_assert(map_layout_of(xy, &map, 1, &error));
    ck_assert_mem_eq(xy, map.xy, sizeof xy);
    ck_assert(map_layout_of(xy, &map, 2, &error));
    ck_assert_mem_ne(xy, map.xy, sizeof xy);
    map_free(&map);
}
END_TEST

START_TEST(a_circuit_of_the_map_is_projected_to_its_place)
{
    Map map = new_map(90);
    int found = 0;
    for (int i = 0; i < map.N; i++) {
        if (map.index.square[i] == 0) continue; // a zero vector has the distance 1 from itself
        Circuits circuit = circuit_view(&map.circuits, i);
        Neighbour nearest;
        ck_assert(neighbours_find(&nearest, &map.index, &circuit, NULL, 1, &error));
        float xy[2];
        ck_assert(map_project(xy, &map, &circuit, &error));
        // of equal circuits, to that of the first
        ck_assert_mem_eq(xy, map.xy + 2 * nearest.circuit, sizeof xy);
        found += nearest.circuit == i;
    }
    ck_assert_int_gt(found, 50);
    map_free(&map);
}
END_TEST

START_TEST(another_circuit_is_projected_among_its_neighbours)
{
    Map map = new_map(90);
    Circuits live = random_circuits(20, 7, 33, 8);
    for (int i = 0; i < live.N; i++) {
        Circuits circuit = circuit_view(&live, i);
        Neighbour nearest[UMAP_NEIGHBOURS];
        ck_assert(neighbours_find(nearest, &map.index, &circuit, NULL, UMAP_NEIGHBOURS, &error));
        float xy[2];
        ck_assert(map_project(xy, &map, &circuit, &error));
        for (int d = 0; d < 2; d++) { // inside the box around them
            float low = INFINITY, high = -INFINITY;
            for (int n = 0; n < UMAP_NEIGHBOURS; n++) {
                low = fminf(low, map.xy[2 * nearest[n].circuit + d]);
                high = fmaxf(high, map.xy[2 * nearest[n].circuit + d]);
            }
            ck_assert(xy[d] >= low - 1e-5f && xy[d] <= high + 1e-5f);
        }
    }
    circuits_free(&live);
    map_free(&map);
}
END_TEST

START_TEST(a_map_of_one_point_and_of_none)
{
    Map map = new_map(1);
    Circuits live = random_circuits(1, 7, 33, 8), none = { .F = 33 };
    float xy[2];
    ck_assert(map_project(xy, &map, &live, &error));
    ck_assert_mem_eq(xy, map.xy, sizeof xy);
    map_free(&map);
    ck_assert(!map_new(&map, &none, 1, &error));
    ck_assert(strstr(error.text, "no circuits") != NULL);
    circuits_free(&live);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { frequent_tokens_without_those_that_are_no_text },
        { positions_of_tokens_are_spread_evenly },
        { a_record_of_positions_is_a_copy_of_them },
        { another_seed_is_another_layout_of_one_map },
        { a_circuit_of_the_map_is_projected_to_its_place },
        { another_circuit_is_projected_among_its_neighbours },
        { a_map_of_one_point_and_of_none },
    };
    return run_tests("map", tests, COUNT_OF(tests));
}
