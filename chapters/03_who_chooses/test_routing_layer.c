// The layer whole: golden files, finite differences, bridges to chapter 02, and what sees the
// future.
#include "chapters/03_who_chooses/routing.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- the layer with memory: parameters, tokens, gradients; all in one block

enum { TENSORS = 6 };
static const char *const names[TENSORS] = {
    "x", "router", "experts.up", "experts.up_bias", "experts.down", "experts.down_bias"
};

typedef struct {
    RoutingRule rule;
    Moe m;
    int B, T;
    double *block;
    int *ints;
    size_t count[TENSORS];
    double *at[TENSORS], *d[TENSORS];
    double *y, *dy, *scratch;
    const bool *pad;
    RoutedTokens tokens;
} Layer;

static Layer layer_new(const RoutingRule *rule, const Moe *m, int B, int T) {
    size_t D = (size_t)m->D, F = (size_t)m->F, E = (size_t)m->E, rows = (size_t)B * T * D;
    Layer layer = { .rule = *rule,
                    .m = *m,
                    .B = B,
                    .T = T,
                    .count = { rows, D * E, E * D * 2 * F, E * 2 * F, E * F * D, E * D } };
    size_t scratch = routed_scratch(rule, m, B, T), saved = routed_tokens_doubles(rule, m, B, T);
    size_t count = 2 * rows + scratch + saved;
    for (int i = 0; i < TENSORS; i++) count += 2 * layer.count[i];
    double *next = layer.block = calloc(count, sizeof *next);
    layer.ints = calloc(routed_tokens_ints(rule, m, B, T), sizeof *layer.ints);
    ck_assert(layer.block != NULL && layer.ints != NULL);
    for (int i = 0; i < TENSORS; i++) {
        layer.at[i] = take(&next, layer.count[i]);
        layer.d[i] = take(&next, layer.count[i]);
    }
    layer.y = take(&next, rows);
    layer.dy = take(&next, rows);
    layer.scratch = take(&next, scratch);
    layer.tokens = routed_tokens(take(&next, saved), layer.ints, rule, m, B, T);
    ck_assert_ptr_eq(next, layer.block + count);
    return layer;
}

static void layer_free(Layer *layer) {
    free(layer->block);
    free(layer->ints);
    *layer = (Layer){ 0 };
}

static Layer random_layer(const RoutingRule *rule, const Moe *m, int B, int T, uint64_t seed) {
    Layer layer = layer_new(rule, m, B, T);
    const double spread[TENSORS] = { 1, 1 / sqrt(m->D), 1 / sqrt(m->D), 0.5, 1 / sqrt(m->F), 0.5 };
    for (int i = 0; i < TENSORS; i++) fill(layer.at[i], layer.count[i], spread[i], seed, names[i]);
    fill(layer.dy, layer.count[0], 1.0, seed, "dy");
    return layer;
}

static MoeWeights weights(double *const at[TENSORS]) {
    return (MoeWeights){
        .router = at[1], .up = at[2], .up_bias = at[3], .down = at[4], .down_bias = at[5]
    };
}

static void forward(Layer *l) {
    MoeWeights w = weights(l->at);
    routed_forward(l->y, &l->tokens, l->at[0], l->pad, &w, &l->rule, &l->m, l->B, l->T);
}

static void backward(Layer *l) {
    MoeWeights w = weights(l->at), dw = weights(l->d);
    // nothing in it may be read
    for (size_t i = 0; i < routed_scratch(&l->rule, &l->m, l->B, l->T); i++) l->scratch[i] = NAN;
    routed_backward(l->d[0], &dw, l->scratch, l->dy, &l->tokens, l->at[0], &w, &l->rule, &l->m);
}

static double *row_of(const Layer *l, double *tensor, int b, int t) {
    return tensor + ((size_t)b * l->T + t) * l->m.D;
}

// ---- golden files, made by an independent program in double precision

static const char *const golden[] = {
    "choice_token",
    "choice_expert",
    "choice_unified_sequence_2",
    "choice_unified_sequence_1.5",
    "choice_unified_step_2",
    "choice_unified_step_1.5",
};
enum { GOLDEN = sizeof golden / sizeof golden[0] };

static RoutingRule golden_choice(const Safetensors *file) {
    const char *routing = safetensors_metadata(file, "routing"),
               *pool = safetensors_metadata(file, "pool");
    ck_assert_ptr_nonnull(routing);
    if (strcmp(routing, "token") == 0)
        return (RoutingRule){ TOKEN_CHOICE, golden_value(file, "K"), 0.0 };
    if (strcmp(routing, "expert") == 0)
        return (RoutingRule){ EXPERT_CHOICE, golden_value(file, "capacity"), 0.0 };
    ck_assert(strcmp(routing, "unified") == 0 && pool != NULL);
    RoutingKind kind = strcmp(pool, "step") == 0 ? UNIFIED_STEP : UNIFIED_SEQUENCE;
    ck_assert(kind == UNIFIED_STEP || strcmp(pool, "sequence") == 0);
    return (RoutingRule){ kind, golden_value(file, "K"), golden_value(file, "alpha") };
}

// gating.weights of the files: zero where an expert was not chosen.
static void expect_weights(const Safetensors *file, const Layer *l) {
    const MoeGating *gating = &l->tokens.gating;
    size_t cells = (size_t)l->B * l->T * l->m.E;
    double *table = calloc(cells, sizeof *table), *expected = calloc(cells, sizeof *expected);
    ck_assert(table != NULL && expected != NULL);
    for (int t = 0; t < gating->N; t++) {
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++)
            table[t * l->m.E + gating->index[i]] = gating->weight[i];
    }
    read_tensor(expected, file, "gating.weights", cells);
    for (size_t i = 0; i < cells; i++) ck_assert_int_eq(table[i] != 0, expected[i] != 0);
    expect("gating.weights", table, expected, cells, 1e-10);
    free(table);
    free(expected);
}

START_TEST(golden_files_agree)
{
    char text[128];
    Safetensors file = golden_ffn_file(golden[_i]);
    Moe m = { .D = golden_letter(&file, "D"),
              .F = golden_letter(&file, "F"),
              .E = golden_letter(&file, "E") };
    RoutingRule rule = golden_choice(&file);
    Layer l = layer_new(&rule, &m, golden_letter(&file, "B"), golden_letter(&file, "T"));
    for (int i = 0; i < TENSORS; i++) read_tensor(l.at[i], &file, names[i], l.count[i]);
    read_tensor(l.dy, &file, "dy", l.count[0]);
    forward(&l);
    backward(&l);
    expect_tensor(&file, "gating.logits", l.tokens.logits, (size_t)l.B * l.T * m.E);
    expect_weights(&file, &l);
    expect_tensor(&file, "y", l.y, l.count[0]);
    expect_tensor(&file, "dx", l.d[0], l.count[0]);
    for (int i = 1; i < TENSORS; i++) {
        snprintf(text, sizeof text, "grad.%s", names[i]);
        expect_tensor(&file, text, l.d[i], l.count[i]);
    }
    layer_free(&l);
    safetensors_close(&file);
}
END_TEST

// ---- finite differences

static double loss(void *layer) {
    Layer *l = layer;
    forward(l);
    return weighted_sum(l->y, l->dy, l->count[0]);
}

static const struct {
    int B, T, D, F, E;
    double budget, alpha;
} shapes[] = {
    { 2, 3, 5, 3, 4, 1.5, 0.3 },
    { 3, 2, 3, 4, 5, 2, 0.5 },
    { 1, 7, 4, 2, 3, 1, 1.0 },
    { 2, 5, 3, 3, 4, 1.75, 0.0 },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

START_TEST(backward_is_the_slope_of_forward)
{
    for (int i = 0; i < SHAPES; i++) {
        const RoutingRule rule = { (RoutingKind)_i, shapes[i].budget, shapes[i].alpha };
        const Moe m = { .D = shapes[i].D, .F = shapes[i].F, .E = shapes[i].E };
        Layer l = random_layer(&rule, &m, shapes[i].B, shapes[i].T, 11);
        const bool pad[7] = { false, true };
        if (i == 0) l.pad = pad;
        forward(&l);
        backward(&l);
        const int *choice = l.tokens.gating.start; // [N+1], and behind it the experts
        const Slopes slopes = { loss, &l, choice,
                                (size_t)l.B * l.T + 1 + routed_entries(&rule, l.B, l.T, m.E) };
        for (int j = 0; j < TENSORS; j++)
            expect_slopes(names[j], l.at[j], l.d[j], l.count[j], &slopes);
        layer_free(&l);
    }
}
END_TEST

// A second call adds to the parameters' gradients and writes dx anew.
START_TEST(gradients_add_up)
{
    const RoutingRule rule = { (RoutingKind)_i, 1.5, 0.4 };
    const Moe m = { .D = 5, .F = 3, .E = 4 };
    Layer l = random_layer(&rule, &m, 2, 3, 5);
    double twice[5 * 4], dx[2 * 3 * 5];
    forward(&l);
    backward(&l);
    for (size_t i = 0; i < l.count[1]; i++) twice[i] = 2 * l.d[1][i];
    memcpy(dx, l.d[0], sizeof dx);
    backward(&l);
    expect("router", l.d[1], twice, l.count[1], 1e-15);
    ck_assert(memcmp(dx, l.d[0], sizeof dx) == 0);
    layer_free(&l);
}
END_TEST

// Without an expert: no output, and no gradient either.
START_TEST(who_is_chosen_by_nobody_gets_nothing)
{
    const RoutingRule rule = { EXPERT_CHOICE, 0.5, 0.0 };
    const Moe m = { .D = 5, .F = 3, .E = 3 };
    Layer l = random_layer(&rule, &m, 1, 6, 2);
    int alone = 0;
    forward(&l);
    backward(&l);
    for (int t = 0; t < 6; t++) {
        if (l.tokens.gating.start[t + 1] > l.tokens.gating.start[t]) continue;
        alone++;
        for (int d = 0; d < m.D; d++)
            ck_assert(row_of(&l, l.y, 0, t)[d] == 0 && row_of(&l, l.d[0], 0, t)[d] == 0);
    }
    ck_assert_int_gt(alone, 0);
    layer_free(&l);
}
END_TEST

// ---- bridges

// Chapter 02's layer on the same parameters and tokens.
static void token_choice(double *y, int *index, const Layer *l, int K) {
    Moe m = l->m;
    int N = l->B * l->T;
    m.K = K;
    m.order = SOFTMAX_TOP_K;
    double *doubles = calloc(moe_tokens_doubles(&m, N), sizeof *doubles);
    int *ints = calloc(moe_tokens_ints(&m, N), sizeof *ints);
    ck_assert(doubles != NULL && ints != NULL);
    MoeTokens tokens = moe_tokens(doubles, ints, &m, N);
    MoeWeights w = weights(l->at);
    moe_forward(y, &tokens, l->at[0], &w, N, &m);
    memcpy(index, tokens.gating.index, (size_t)N * K * sizeof *index);
    free(doubles);
    free(ints);
}

static const Moe middle = { .D = 7, .F = 5, .E = 6 };

// A row for a pool is token choice, to the bit.
START_TEST(rows_as_pools_are_token_choice)
{
    for (int K = 1; K <= middle.E; K++) {
        const RoutingRule rule = { TOKEN_CHOICE, K, 0.0 };
        Layer l = random_layer(&rule, &middle, 3, 4, (uint64_t)K);
        double y[3 * 4 * 7];
        int index[3 * 4 * 6];
        forward(&l);
        token_choice(y, index, &l, K);
        ck_assert(memcmp(y, l.y, sizeof y) == 0);
        ck_assert(memcmp(index, l.tokens.gating.index, (size_t)12 * K * sizeof *index) == 0);
        layer_free(&l);
    }
}
END_TEST

// A sequence of one token (or a batch of one sequence, for the step pool): the unified pool is that
// token's row. It chooses as token choice does, whatever alpha is; what comes out is the same at
// alpha 0 only.
START_TEST(a_pool_of_one_token_is_token_choice)
{
    static const double alphas[] = { 0.0, 0.3, 0.5, 1.0 };
    for (int a = 0; a < 4; a++) {
        for (int K = 1; K <= middle.E; K++) {
            const RoutingRule rule = { (RoutingKind)_i, K, alphas[a] };
            int B = _i == UNIFIED_STEP ? 1 : 9, T = 10 - B;
            Layer l = random_layer(&rule, &middle, B, T, (uint64_t)K + 50);
            double y[9 * 7];
            int index[9 * 6];
            forward(&l);
            token_choice(y, index, &l, K);
            ck_assert(memcmp(index, l.tokens.gating.index, (size_t)9 * K * sizeof *index) == 0);
            ck_assert_int_eq(memcmp(y, l.y, sizeof y) == 0, alphas[a] == 0.0);
            layer_free(&l);
        }
    }
}
END_TEST

// Room for all: every expert sees every token, and the layer is the softmax-weighted sum of all
// experts.
START_TEST(capacity_for_all_is_every_expert_for_every_token)
{
    const RoutingRule rule = { (RoutingKind)_i, middle.E, 0.0 };
    Layer l = random_layer(&rule, &middle, 2, 5, 4);
    double y[2 * 5 * 7];
    int index[2 * 5 * 6];
    forward(&l);
    ck_assert_int_eq(l.tokens.gating.start[10], 10 * middle.E);
    token_choice(y, index, &l, middle.E);
    expect("y", l.y, y, 2 * 5 * 7, 1e-15);
    layer_free(&l);
}
END_TEST

// Expert choice is balanced whatever the router says; the pools of pairs keep the budget, and no
// more.
START_TEST(loads_are_what_the_rule_says)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        const RoutingRule rule = { (RoutingKind)_i, 2.0, 0.5 };
        Layer l = random_layer(&rule, &middle, 3, 5, seed);
        int load[6] = { 0 }, most = 0;
        const MoeGating *gating = &l.tokens.gating;
        forward(&l);
        for (int t = 0; t < gating->N; t++) {
            int own = gating->start[t + 1] - gating->start[t];
            most = own > most ? own : most;
            for (int i = gating->start[t]; i < gating->start[t + 1]; i++) load[gating->index[i]]++;
        }
        for (int e = 0; e < 6 && _i == EXPERT_CHOICE; e++) ck_assert_int_eq(load[e], 5); // 15·2/6
        if (_i == TOKEN_CHOICE) ck_assert_int_eq(most, 2);
        ck_assert_int_eq(gating->start[15], 30);
        layer_free(&l);
    }
}
END_TEST

// ---- causality

// Changes one token after the other, and counts the outputs before it, of its own sequence, that
// changed too.
static int leaks(const RoutingRule *rule, uint64_t seed) {
    enum { B = 3, T = 6, D = 7 };
    Layer l = random_layer(rule, &middle, B, T, seed);
    double before[B * T * D], other[D];
    int count = 0;
    forward(&l);
    memcpy(before, l.y, sizeof before);
    fill(other, D, 2.0, seed, "other");
    for (int b = 0; b < B; b++) {
        for (int t = 1; t < T; t++) {
            double held[D], *x = row_of(&l, l.at[0], b, t);
            memcpy(held, x, sizeof held);
            memcpy(x, other, sizeof other);
            forward(&l);
            for (int s = 0; s < t; s++) {
                count += memcmp(row_of(&l, l.y, b, s), row_of(&l, before, b, s),
                                D * sizeof *before) != 0;
            }
            memcpy(x, held, sizeof held);
        }
    }
    layer_free(&l);
    return count;
}

// The leak, and that there is none: an earlier output that moves when a later token does has seen
// it.
START_TEST(expert_choice_and_the_sequence_pool_see_the_future)
{
    static const double alphas[] = { 0.0, 0.5, 1.0 };
    for (uint64_t seed = 0; seed < 8; seed++) {
        const RoutingRule rule = { (RoutingKind)_i, 1.5, alphas[seed % 3] };
        int count = leaks(&rule, seed);
        if (_i == EXPERT_CHOICE || _i == UNIFIED_SEQUENCE)
            ck_assert_int_gt(count, 0);
        else
            ck_assert_int_eq(count, 0);
    }
}
END_TEST

// Writing word by word: the first words alone give the same outputs as within the whole text, or
// they do not.
START_TEST(a_beginning_gives_what_the_whole_gave)
{
    enum { B = 2, T = 6, SHORT = 3, D = 7 };
    const RoutingRule rule = { (RoutingKind)_i, 1.5, 0.5 };
    Layer whole = random_layer(&rule, &middle, B, T, 3),
          beginning = random_layer(&rule, &middle, B, SHORT, 3);
    bool same = true;
    for (int b = 0; b < B; b++) {
        memcpy(row_of(&beginning, beginning.at[0], b, 0), row_of(&whole, whole.at[0], b, 0),
               SHORT * D * sizeof(double));
    }
    forward(&whole);
    forward(&beginning);
    for (int b = 0; b < B; b++) {
        same = same && memcmp(row_of(&beginning, beginning.y, b, 0), row_of(&whole, whole.y, b, 0),
                              SHORT * D * sizeof(double)) == 0;
    }
    ck_assert_int_eq(same, _i == TOKEN_CHOICE || _i == UNIFIED_STEP);
    layer_free(&whole);
    layer_free(&beginning);
}
END_TEST

// What the step pool does depend on: who else is in the batch. Only token choice answers for each
// token alone.
START_TEST(company_matters_in_all_pools_but_rows)
{
    enum { B = 2, T = 4, D = 7 };
    int changed = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        const RoutingRule rule = { (RoutingKind)_i, 1.0, 0.5 };
        Layer l = random_layer(&rule, &middle, B, T, seed);
        double before[T * D];
        forward(&l);
        memcpy(before, l.y, sizeof before);
        // the other sequence, all of it
        fill(row_of(&l, l.at[0], 1, 0), T * D, 2.0, seed, "others");
        forward(&l);
        changed += memcmp(before, l.y, sizeof before) != 0;
        layer_free(&l);
    }
    if (_i == EXPERT_CHOICE || _i == UNIFIED_STEP)
        ck_assert_int_gt(changed, 0);
    else
        ck_assert_int_eq(changed, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("03 who chooses: the layer");
    TCase *layer = tcase_create("layer"), *bridges = tcase_create("bridges"),
          *future = tcase_create("future");
    tcase_add_loop_test(layer, golden_files_agree, 0, GOLDEN);
    tcase_add_loop_test(layer, backward_is_the_slope_of_forward, 0, ROUTING_KINDS);
    tcase_add_loop_test(layer, gradients_add_up, 0, ROUTING_KINDS);
    tcase_add_test(layer, who_is_chosen_by_nobody_gets_nothing);
    tcase_add_test(bridges, rows_as_pools_are_token_choice);
    tcase_add_loop_test(bridges, a_pool_of_one_token_is_token_choice, UNIFIED_SEQUENCE,
                        ROUTING_KINDS);
    tcase_add_loop_test(bridges, capacity_for_all_is_every_expert_for_every_token, 0,
                        ROUTING_KINDS);
    tcase_add_loop_test(bridges, loads_are_what_the_rule_says, 0, ROUTING_KINDS);
    tcase_add_loop_test(future, expert_choice_and_the_sequence_pool_see_the_future, 0,
                        ROUTING_KINDS);
    tcase_add_loop_test(future, a_beginning_gives_what_the_whole_gave, 0, ROUTING_KINDS);
    tcase_add_loop_test(future, company_matters_in_all_pools_but_rows, 0, ROUTING_KINDS);
    suite_add_tcase(suite, layer);
    suite_add_tcase(suite, bridges);
    suite_add_tcase(suite, future);
    return suite_run(suite);
}
