#include "chapters/02_mixture_of_experts/top_k.h"
#include "chapters/03_who_chooses/routing.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <string.h>

// ---- choosing alone, on a table of scores

enum { MOST = 4 * 5 * 6 };

// The chosen cells as a table: 1 where the list has an entry. Its weights must be the scores,
// highest first.
static void choose_table(bool *table, const double *score, const bool *pad, const RoutingRule *rule,
                         int B, int T, int E) {
    int ints[3 * MOST], start[MOST + 1], index[MOST], entries = routed_entries(rule, B, T, E);
    double scratch[MOST], weight[MOST + 1];
    MoeGating gating = { .start = start, .index = index, .weight = weight };
    weight[entries] = -7.0; // a fence
    route_tokens(&gating, scratch, ints, score, pad, rule, B, T, E);
    ck_assert(weight[entries] == -7.0);
    ck_assert_int_eq(gating.N, B * T);
    ck_assert_int_le(start[B * T], entries);
    if (pad == NULL) ck_assert_int_eq(start[B * T], entries);
    for (int i = 0; i < B * T * E; i++) table[i] = false;
    for (int t = 0; t < B * T; t++) {
        for (int i = start[t]; i < start[t + 1]; i++) {
            const double *row = score + (size_t)t * E;
            ck_assert_msg(!table[t * E + index[i]], "token %d has expert %d twice", t, index[i]);
            table[t * E + index[i]] = true;
            ck_assert(memcmp(&weight[i], &row[index[i]], sizeof *weight) == 0); // NaN too
            if (i > start[t]) ck_assert(ranks_higher_in(row, index[i - 1], index[i]));
        }
    }
}

static void expect_table(const char *expected, const double *score, const bool *pad,
                         const RoutingRule *rule, int B, int T, int E) {
    bool table[MOST];
    char actual[MOST + 1] = "";
    choose_table(table, score, pad, rule, B, T, E);
    for (int i = 0; i < B * T * E; i++) actual[i] = table[i] ? 'x' : '.';
    ck_assert_str_eq(actual, expected);
}

// Two sequences of two tokens, three experts, a budget of one expert a token: 4 of 12 cells.
//   sequence 0   t 0   9 8 1      row: 9. columns (1 each: floor(4/3)): 9, 8, 7. sequence 0 (2): 9, 8
//                t 1   2 3 4                                                     sequence 1 (2): 7, 6
//   sequence 1   t 0   5 6 7      steps (2 each): t 0: 9, 8   t 1: 4, 3
//                t 1   0 1 2
START_TEST(four_rules_on_paper)
{
    const double score[] = { 9, 8, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2 };
    static const char *const expected[ROUTING_KINDS] = { "x....x..x..x", "xx......x...",
                                                         "xx.....xx...", "xx..xx......" };
    for (int kind = 0; kind < ROUTING_KINDS; kind++) {
        const RoutingRule rule = { (RoutingKind)kind, 1.0, 0.0 };
        expect_table(expected[kind], score, NULL, &rule, 2, 2, 3);
    }
}
END_TEST

START_TEST(equal_scores_go_to_the_lower_index_and_nan_loses)
{
    const double equal[] = { 5, 5, 5, 5, 5, 5 }, odd[] = { NAN, 1, NAN, -3, NAN, NAN };
    const RoutingRule token = { TOKEN_CHOICE, 1, 0 }, expert = { EXPERT_CHOICE, 1, 0 },
                      sequence = { UNIFIED_SEQUENCE, 1, 0 };
    expect_table("x.x.x.", equal, NULL, &token, 1, 3, 2);
    expect_table("xx....", equal, NULL, &expert, 1, 3, 2); // floor(3·1/2): one token each
    expect_table("xxx...", equal, NULL, &sequence, 1, 3, 2);
    expect_table(".x.xx.", odd, NULL, &token, 1, 3, 2);
    // a column of nothing but NaN: its lowest index
    expect_table("xx....", odd, NULL, &expert, 1, 3, 2);
    expect_table("xx.x..", odd, NULL, &sequence, 1, 3, 2);
}
END_TEST

// 1 token of 0.5 and 5 of 0.5 round to the even neighbour, 0 and 2; a capacity of 2 for 32 tokens
// is 10 of them for each of 6 experts, and not 11; nobody takes more than there is.
START_TEST(budgets_round_as_the_rules_say)
{
    static const struct {
        RoutingKind kind;
        double budget;
        int tokens, E, expected;
    } cases[] = {
        { UNIFIED_SEQUENCE, 0.5, 1, 4, 0 },  { UNIFIED_SEQUENCE, 0.5, 3, 4, 2 },
        { UNIFIED_SEQUENCE, 0.5, 5, 4, 2 },  { UNIFIED_SEQUENCE, 1.5, 1, 4, 2 },
        { UNIFIED_SEQUENCE, 1.5, 3, 4, 4 },  { UNIFIED_SEQUENCE, 1.5, 8, 4, 12 },
        { UNIFIED_STEP, 2.5, 1, 4, 2 },      { UNIFIED_STEP, 1.25, 3, 4, 4 },
        { TOKEN_CHOICE, 2, 1, 4, 2 },        { EXPERT_CHOICE, 2.0, 32, 6, 10 },
        { EXPERT_CHOICE, 0.9, 7, 7, 0 },     { EXPERT_CHOICE, 1.0, 7, 7, 1 },
        { EXPERT_CHOICE, 9.0, 7, 4, 7 },     { TOKEN_CHOICE, 9.0, 1, 4, 4 },
        { UNIFIED_SEQUENCE, 9.0, 3, 4, 12 }, { UNIFIED_STEP, 1e300, 3, 4, 12 },
        { UNIFIED_SEQUENCE, 0.0, 3, 4, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const RoutingRule rule = { cases[i].kind, cases[i].budget, 0.0 };
        int actual = pool_capacity(&rule, cases[i].tokens, cases[i].E);
        ck_assert_msg(actual == cases[i].expected, "case %zu: %d places, wanted %d", i, actual,
                      cases[i].expected);
    }
}
END_TEST

// The same table, but the second token of the first sequence is filling: columns have 3 tokens
// (floor(3/3) = 1 place), sequence 0 has one token and one place, and at step 1 there is only the
// other sequence, with one place.
START_TEST(pads_stay_out_of_every_pool)
{
    const double score[] = { 9, 8, 1, 20, 30, 40, 5, 6, 7, 0, 1, 2 };
    const bool pad[] = { false, true, false, false };
    static const char *const expected[ROUTING_KINDS] = { "x.......x..x", "xx......x...",
                                                         "x......xx...", "xx.........x" };
    for (int kind = 0; kind < ROUTING_KINDS; kind++) {
        const RoutingRule rule = { (RoutingKind)kind, 1.0, 0.0 };
        expect_table(expected[kind], score, pad, &rule, 2, 2, 3);
    }
    const bool all[] = { true, true, true, true };
    for (int kind = 0; kind < ROUTING_KINDS; kind++) {
        const RoutingRule rule = { (RoutingKind)kind, 1.0, 0.0 };
        expect_table("............", score, all, &rule, 2, 2, 3);
    }
}
END_TEST

typedef struct {
    int b, t, e;
} Cell;

static Cell cell_at(int i, int T, int E) { return (Cell){ i / E / T, i / E % T, i % E }; }

static bool share_pool(RoutingKind kind, Cell a, Cell b) {
    switch (kind) {
    case TOKEN_CHOICE: return a.b == b.b && a.t == b.t;
    case EXPERT_CHOICE: return a.e == b.e;
    case UNIFIED_SEQUENCE: return a.b == b.b;
    default: return a.t == b.t;
    }
}

// By the definition: a cell is taken when fewer cells of its pool come before it than the pool has
// places.
static bool is_taken(int i, const double *score, const bool *pad, const RoutingRule *rule, int B,
                     int T, int E) {
    int before = 0, cells = 0;
    for (int j = 0; j < B * T * E; j++) {
        if (pad[j / E] || !share_pool(rule->kind, cell_at(i, T, E), cell_at(j, T, E))) continue;
        cells++;
        before += ranks_higher_in(score, j, i);
    }
    int tokens = rule->kind == EXPERT_CHOICE ? cells : cells / E;
    return !pad[i / E] && before < pool_capacity(rule, tokens, E);
}

START_TEST(choosing_is_the_definition)
{
    for (uint64_t seed = 0; seed < 150; seed++) {
        int B = 1 + (int)random_below(seed, 0, 4), T = 1 + (int)random_below(seed, 1, 5);
        int E = 1 + (int)random_below(seed, 2, 6);
        const RoutingRule rule = { (RoutingKind)_i, 0.25 * (double)random_below(seed, 3, 16), 0.0 };
        double score[MOST];
        bool pad[MOST] = { false }, table[MOST];
        for (int i = 0; i < B * T * E; i++) {
            // ties everywhere, and NaN
            uint64_t grade = random_below(random_key(seed, "score"), (uint64_t)i, 9);
            score[i] = grade == 8 ? NAN : (double)grade;
        }
        for (int t = 0; t < B * T && seed % 2; t++)
            pad[t] = random_below(random_key(seed, "pad"), (uint64_t)t, 4) == 0;
        choose_table(table, score, seed % 2 ? pad : NULL, &rule, B, T, E);
        for (int i = 0; i < B * T * E; i++) {
            ck_assert_msg(table[i] == is_taken(i, score, pad, &rule, B, T, E),
                          "seed %d: B %d T %d E %d, cell %d was %staken", (int)seed, B, T, E, i,
                          table[i] ? "" : "not ");
        }
    }
}
END_TEST

// The smallest leak there is: one expert with one place, two tokens. What comes second says whether
// the first is asked.
START_TEST(the_smallest_leak_on_paper)
{
    const RoutingRule expert = { EXPERT_CHOICE, 0.5, 0.0 },
                      sequence = { UNIFIED_SEQUENCE, 0.5, 0.0 };
    expect_table("x.", (double[]){ 0.6, 0.5 }, NULL, &expert, 1, 2, 1);
    expect_table(".x", (double[]){ 0.6, 0.7 }, NULL, &expert, 1, 2, 1);
    expect_table("x.", (double[]){ 0.6, 0.5 }, NULL, &sequence, 1, 2, 1);
    expect_table(".x", (double[]){ 0.6, 0.7 }, NULL, &sequence, 1, 2, 1);
}
END_TEST

// ---- scores

// E = 2, logits (ln 3, 0): p = (3/4, 1/4), Q = (3/4, 1/2)·2/2. alpha 0.4: U = (0.75, 0.6·0.25 +
// 0.4·0.5). Equal logits of 0 make p, Q and U all 1/E. Backward, dU = (1, 0), alpha 0.4: through p
// 0.6·(3/16, -3/16), through Q 0.4·3/16.
START_TEST(scores_on_paper)
{
    const double logits[] = { log(3), 0 }, p[] = { 0.75, 0.25 }, dscore[] = { 1, 0 },
                 zero[] = { 0, 0, 0, 0 };
    const double even[] = { 0.25, 0.25, 0.25, 0.25 };
    double score[4], dlogits[2];
    unified_scores(score, logits, p, 0.4, 1, 2);
    expect("U", score, (double[]){ 0.75, 0.35 }, 2, 1e-15);
    unified_scores_backward(dlogits, dscore, logits, p, 0.4, 1, 2);
    expect("dlogits", dlogits, (double[]){ 0.6 * 3 / 16 + 0.4 * 3 / 16, -0.6 * 3 / 16 }, 2, 1e-15);
    unified_scores(score, logits, p, 0.0, 1, 2);
    ck_assert(memcmp(score, p, sizeof p) == 0); // the same bits
    unified_scores(score, logits, p, 1.0, 1, 2);
    expect("Q", score, (double[]){ 0.75, 0.5 }, 2, 1e-15);
    unified_scores(score, zero, even, 0.7, 1, 4);
    expect("even", score, even, 4, 1e-15);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("03 who chooses: the choice");
    TCase *tests = tcase_create("choosing");
    tcase_add_test(tests, four_rules_on_paper);
    tcase_add_test(tests, equal_scores_go_to_the_lower_index_and_nan_loses);
    tcase_add_test(tests, budgets_round_as_the_rules_say);
    tcase_add_test(tests, pads_stay_out_of_every_pool);
    tcase_add_test(tests, the_smallest_leak_on_paper);
    tcase_add_loop_test(tests, choosing_is_the_definition, 0, ROUTING_KINDS);
    tcase_add_test(tests, scores_on_paper);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
