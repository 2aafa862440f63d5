#include "chapters/03_who_chooses/routing.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <string.h>

double threshold(const double *score, int cells, int capacity, int *scratch);
void choose_above(bool *chosen, const double *score, int cells, double lowest);

enum { T = 40, E = 6, CELLS = T * E };

static void draw_scores(double *score, uint64_t seed) {
    for (uint64_t i = 0; i < CELLS; i++) score[i] = random_uniform(random_key(seed, "score"), i);
}

static void sequence_pool(bool *chosen, const double *score) {
    const RoutingRule rule = { UNIFIED_SEQUENCE, 2.0, 0.5 };
    double scratch[CELLS], weight[CELLS];
    int ints[3 * CELLS], start[T + 1], index[CELLS];
    MoeGating gating = { .start = start, .index = index, .weight = weight };
    const RoutingTable table = { 1, T, E, score, NULL };
    route_tokens(&gating, scratch, ints, &table, &rule);
    memset(chosen, 0, CELLS * sizeof *chosen);
    for (int t = 0; t < T; t++) {
        for (int i = start[t]; i < start[t + 1]; i++) chosen[t * E + index[i]] = true;
    }
}

static void expect_chosen(const bool *chosen, const bool *expected, const double *score,
                          int cells) {
    for (int i = 0; i < cells; i++)
        ck_assert_msg(chosen[i] == expected[i], "chosen[%d], of score %g, is %s", i, score[i],
                      chosen[i] ? "true, expected false" : "false, expected true");
}

START_TEST(on_paper)
{
    const double score[] = { 0.2, 0.9, 0.5, 0.7 };
    bool chosen[4];
    int scratch[4];
    expect_number("the threshold for 1 of 0.2 0.9 0.5 0.7", threshold(score, 4, 1, scratch), 0.9,
                  0);
    expect_number("the threshold for 3 of 0.2 0.9 0.5 0.7", threshold(score, 4, 3, scratch), 0.5,
                  0);
    choose_above(chosen, score, 4, 0.5);
    expect_chosen(chosen, (bool[]){ false, true, true, true }, score, 4);
}
END_TEST

// NaN is not above anything: it is taken last.
START_TEST(not_a_number)
{
    const double score[] = { NAN, 1, NAN, -1 };
    bool chosen[4];
    int scratch[4];
    expect_number("the threshold for 1 of NaN 1 NaN -1", threshold(score, 4, 1, scratch), 1, 0);
    expect_number("the threshold for 2 of NaN 1 NaN -1", threshold(score, 4, 2, scratch), -1, 0);
    choose_above(chosen, score, 4, -2);
    expect_chosen(chosen, (bool[]){ false, true, false, true }, score, 4);
}
END_TEST

// On its own table the threshold takes what the pool takes.
START_TEST(its_own_table_gets_the_same_experts)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        double score[CELLS];
        bool pool[CELLS], above[CELLS];
        int scratch[CELLS];
        draw_scores(score, seed);
        sequence_pool(pool, score);
        choose_above(above, score, CELLS, threshold(score, CELLS, 2 * T, scratch));
        expect_chosen(above, pool, score, CELLS);
    }
}
END_TEST

// On other tables the budget is met on average, and a prefix is routed as within the whole.
START_TEST(other_tables_get_about_the_budget)
{
    double score[CELLS];
    bool chosen[CELLS];
    int scratch[CELLS], taken = 0;
    draw_scores(score, 100);
    double lowest = threshold(score, CELLS, 2 * T, scratch);
    for (uint64_t seed = 0; seed < 50; seed++) {
        draw_scores(score, seed);
        choose_above(chosen, score, CELLS, lowest);
        for (int i = 0; i < CELLS; i++) taken += chosen[i];
        bool prefix[CELLS / 2];
        choose_above(prefix, score, CELLS / 2, lowest);
        expect_chosen(prefix, chosen, score, CELLS / 2);
    }
    double each = taken / (50.0 * T);
    ck_assert_msg(fabs(each - 2.0) < 0.4, "%.2f experts per token, expected about 2", each);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { not_a_number },
        { its_own_table_gets_the_same_experts },
        { other_tables_get_about_the_budget },
    };
    return run_tests("03-2 threshold", tests, COUNT_OF(tests));
}
