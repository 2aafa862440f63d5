#include "chapters/02_mixture_of_experts/top_k.h"
#include "chapters/03_who_chooses/routing.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <string.h>

// ---- routing alone, on a table of scores

enum { MAX_CELLS = 4 * 5 * 6 };

// chosen [B,T,E]: true where the gating has an entry. Its weights must be the scores, highest
// first.
static void route_table(bool *chosen, const RoutingTable *table, const RoutingRule *rule) {
    int N = table->B * table->T, E = table->E,
        entries = routed_entries(rule, table->B, table->T, E);
    int ints[3 * MAX_CELLS], start[MAX_CELLS + 1], index[MAX_CELLS];
    double scratch[MAX_CELLS], weight[MAX_CELLS + 1];
    MoeGating gating = { .start = start, .index = index, .weight = weight };
    weight[entries] = -7.0; // a sentinel
    route_tokens(&gating, scratch, ints, table, rule);
    ck_assert(weight[entries] == -7.0);
    ck_assert_int_eq(gating.N, N);
    ck_assert_int_le(start[N], entries);
    if (table->pad == NULL) ck_assert_int_eq(start[N], entries);
    for (int i = 0; i < N * E; i++) chosen[i] = false;
    for (int t = 0; t < N; t++) {
        for (int i = start[t]; i < start[t + 1]; i++) {
            const double *row = table->score + (size_t)t * E;
            ck_assert_msg(!chosen[t * E + index[i]], "token %d has expert %d twice", t, index[i]);
            chosen[t * E + index[i]] = true;
            ck_assert(memcmp(&weight[i], &row[index[i]], sizeof *weight) == 0); // NaN too
            if (i > start[t]) ck_assert(ranks_higher_in(row, index[i - 1], index[i]));
        }
    }
}

static void expect_table(const char *expected, const RoutingTable *table, const RoutingRule *rule) {
    bool chosen[MAX_CELLS];
    char actual[MAX_CELLS + 1] = "";
    route_table(chosen, table, rule);
    for (int i = 0; i < table->B * table->T * table->E; i++) actual[i] = chosen[i] ? 'x' : '.';
    ck_assert_str_eq(actual, expected);
}

// Two sequences of two tokens, three experts, a budget of one expert per token: 4 of 12 cells.
//   sequence 0   t 0   9 8 1      rows: 9, 4, 7, 2
//                t 1   2 3 4      columns (floor(4/3) = 1 each): 9, 8, 7
//   sequence 1   t 0   5 6 7      sequences (2 each): 9, 8 and 7, 6
//                t 1   0 1 2      time steps (2 each): 9, 8 and 4, 3
START_TEST(four_rules_on_paper)
{
    const RoutingTable table = { 2, 2, 3, (double[]){ 9, 8, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2 }, NULL };
    static const char *const expected[ROUTING_KINDS] = { "x....x..x..x", "xx......x...",
                                                         "xx.....xx...", "xx..xx......" };
    for (int kind = 0; kind < ROUTING_KINDS; kind++) {
        const RoutingRule rule = { (RoutingKind)kind, 1.0, 0.0 };
        expect_table(expected[kind], &table, &rule);
    }
}
END_TEST

START_TEST(equal_scores_go_to_the_lower_index_and_nan_loses)
{
    const RoutingTable equal = { 1, 3, 2, (double[]){ 5, 5, 5, 5, 5, 5 }, NULL },
                       odd = { 1, 3, 2, (double[]){ NAN, 1, NAN, -3, NAN, NAN }, NULL };
    const RoutingRule token = { TOKEN_CHOICE, 1, 0 }, expert = { EXPERT_CHOICE, 1, 0 },
                      sequence = { UNIFIED_SEQUENCE, 1, 0 };
    expect_table("x.x.x.", &equal, &token);
    expect_table("xx....", &equal, &expert); // floor(3·1/2): one token each
    expect_table("xxx...", &equal, &sequence);
    expect_table(".x.xx.", &odd, &token);
    expect_table("xx....", &odd, &expert); // a column of NaN alone: its lowest index
    expect_table("xx.x..", &odd, &sequence);
}
END_TEST

// 0.5 for 1 token and for 5 round half to even, to 0 and 2; a capacity factor of 2 for 32 tokens is
// 10 for each of 6 experts, not 11; no pool takes more cells than it has.
START_TEST(capacities_round_as_specified)
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
    for (int i = 0; i < COUNT_OF(cases); i++) {
        const RoutingRule rule = { cases[i].kind, cases[i].budget, 0.0 };
        int actual = pool_capacity(&rule, cases[i].tokens, cases[i].E);
        ck_assert_msg(actual == cases[i].expected, "case %d: %d cells, expected %d", i, actual,
                      cases[i].expected);
    }
}
END_TEST

// The same table, but the second token of the first sequence is padding: columns have 3 tokens and
// a capacity of floor(3/3) = 1, sequence 0 has one token and a capacity of 1, and time step 1 has
// only the other sequence and a capacity of 1.
START_TEST(padding_is_in_no_pool)
{
    const double score[] = { 9, 8, 1, 20, 30, 40, 5, 6, 7, 0, 1, 2 };
    const RoutingTable one = { 2, 2, 3, score, (bool[]){ false, true, false, false } },
                       all = { 2, 2, 3, score, (bool[]){ true, true, true, true } };
    static const char *const expected[ROUTING_KINDS] = { "x.......x..x", "xx......x...",
                                                         "x......xx...", "xx.........x" };
    for (int kind = 0; kind < ROUTING_KINDS; kind++) {
        const RoutingRule rule = { (RoutingKind)kind, 1.0, 0.0 };
        expect_table(expected[kind], &one, &rule);
        expect_table("............", &all, &rule);
    }
}
END_TEST

typedef struct {
    int b, t, e;
} Cell;

static Cell cell_at(int i, int T, int E) { return (Cell){ i / E / T, i / E % T, i % E }; }

static bool same_pool(RoutingKind kind, Cell a, Cell b) {
    switch (kind) {
    case TOKEN_CHOICE: return a.b == b.b && a.t == b.t;
    case EXPERT_CHOICE: return a.e == b.e;
    case UNIFIED_SEQUENCE: return a.b == b.b;
    default: return a.t == b.t;
    }
}

static bool is_pad(const RoutingTable *table, int i) {
    return table->pad != NULL && table->pad[i / table->E];
}

// The definition: a cell is taken if fewer cells of its pool rank higher than the pool's capacity.
static bool is_taken(int i, const RoutingTable *table, const RoutingRule *rule) {
    int T = table->T, E = table->E, higher = 0, cells = 0;
    for (int j = 0; j < table->B * T * E; j++) {
        if (is_pad(table, j) || !same_pool(rule->kind, cell_at(i, T, E), cell_at(j, T, E)))
            continue;
        cells++;
        higher += ranks_higher_in(table->score, j, i);
    }
    int tokens = rule->kind == EXPERT_CHOICE ? cells : cells / E;
    return !is_pad(table, i) && higher < pool_capacity(rule, tokens, E);
}

START_TEST(routing_follows_the_definition)
{
    for (uint64_t seed = 0; seed < 150; seed++) {
        int B = 1 + (int)random_below(seed, 0, 4), T = 1 + (int)random_below(seed, 1, 5);
        int E = 1 + (int)random_below(seed, 2, 6);
        const RoutingRule rule = { (RoutingKind)_i, 0.25 * (double)random_below(seed, 3, 16), 0.0 };
        double score[MAX_CELLS];
        bool pad[MAX_CELLS] = { false }, chosen[MAX_CELLS];
        for (int i = 0; i < B * T * E; i++) {
            // ties everywhere, and NaN
            uint64_t grade = random_below(random_key(seed, "score"), (uint64_t)i, 9);
            score[i] = grade == 8 ? NAN : (double)grade;
        }
        for (int t = 0; t < B * T && seed % 2; t++)
            pad[t] = random_below(random_key(seed, "pad"), (uint64_t)t, 4) == 0;
        const RoutingTable table = { B, T, E, score, seed % 2 ? pad : NULL };
        route_table(chosen, &table, &rule);
        for (int i = 0; i < B * T * E; i++) {
            ck_assert_msg(chosen[i] == is_taken(i, &table, &rule),
                          "seed %d: B %d T %d E %d, cell %d was %staken", (int)seed, B, T, E, i,
                          chosen[i] ? "" : "not ");
        }
    }
}
END_TEST

// The smallest possible leak: one expert with a capacity of one, two tokens. The second token
// decides whether the first is chosen.
START_TEST(the_smallest_leak_on_paper)
{
    const RoutingRule expert = { EXPERT_CHOICE, 0.5, 0.0 },
                      sequence = { UNIFIED_SEQUENCE, 0.5, 0.0 };
    const RoutingTable lower = { 1, 2, 1, (double[]){ 0.6, 0.5 }, NULL },
                       higher = { 1, 2, 1, (double[]){ 0.6, 0.7 }, NULL };
    expect_table("x.", &lower, &expert);
    expect_table(".x", &higher, &expert);
    expect_table("x.", &lower, &sequence);
    expect_table(".x", &higher, &sequence);
}
END_TEST

// ---- scores

// E = 2, logits (ln 3, 0): p = (3/4, 1/4), Q = (3/4, 1/2)·2/2. With alpha 0.4: U = (0.75, 0.6·0.25
// + 0.4·0.5). With logits of 0, p, Q and U are all 1/E. Backward with dU = (1, 0), alpha 0.4:
// through p 0.6·(3/16, -3/16), through Q 0.4·3/16.
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
    const TestRow tests[] = {
        { four_rules_on_paper },
        { equal_scores_go_to_the_lower_index_and_nan_loses },
        { capacities_round_as_specified },
        { padding_is_in_no_pool },
        { the_smallest_leak_on_paper },
        { routing_follows_the_definition, ROUTING_KINDS },
        { scores_on_paper },
    };
    return run_tests("03 who chooses: routing", tests, COUNT_OF(tests));
}
