// The whole layer: golden files, finite differences, bridges to chapter 02, and causality.
#include "chapters/03_who_chooses/routing.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- a layer with its memory: parameters, tokens and gradients in one block

enum { TENSORS = 6 };
static const char *const names[TENSORS] = {
    "x", "router", "experts.up", "experts.up_bias", "experts.down", "experts.down_bias"
};

typedef struct {
    RoutedMoe layer;
    int B, T;
    double *block;
    int *ints;
    size_t count[TENSORS];
    double *tensors[TENSORS], *gradients[TENSORS]; // in the order of `names`
    double *y, *dy, *scratch;
    const bool *pad;
    RoutedTokens tokens;
} Layer;

static Layer layer_new(const RoutingRule *rule, const Moe *m, int B, int T) {
    const RoutedMoe routed = { *m, *rule };
    size_t D = (size_t)m->D, F = (size_t)m->F, E = (size_t)m->E, rows = (size_t)B * T * D;
    Layer layer = { .layer = routed,
                    .B = B,
                    .T = T,
                    .count = { rows, D * E, E * D * 2 * F, E * 2 * F, E * F * D, E * D } };
    size_t scratch = routed_scratch(&routed, B, T), saved = routed_tokens_doubles(&routed, B, T);
    size_t count = 2 * rows + scratch + saved;
    for (int i = 0; i < TENSORS; i++) count += 2 * layer.count[i];
    double *next = layer.block = calloc(count, sizeof *next);
    layer.ints = calloc(routed_tokens_ints(&routed, B, T), sizeof *layer.ints);
    ck_assert(layer.block != NULL && layer.ints != NULL);
    for (int i = 0; i < TENSORS; i++) {
        layer.tensors[i] = take(&next, layer.count[i]);
        layer.gradients[i] = take(&next, layer.count[i]);
    }
    layer.y = take(&next, rows);
    layer.dy = take(&next, rows);
    layer.scratch = take(&next, scratch);
    layer.tokens = routed_tokens(take(&next, saved), layer.ints, &routed, B, T);
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
    const double deviation[TENSORS] = {
        1, 1 / sqrt(m->D), 1 / sqrt(m->D), 0.5, 1 / sqrt(m->F), 0.5
    };
    for (int i = 0; i < TENSORS; i++)
        fill(layer.tensors[i], layer.count[i], deviation[i], seed, names[i]);
    fill(layer.dy, layer.count[0], 1.0, seed, "dy");
    return layer;
}

static MoeWeights weights_of(double *const *t) {
    return (MoeWeights){ .router = t[1], .experts = { t[2], t[3], t[4], t[5] } };
}

static void forward(Layer *l) {
    MoeWeights w = weights_of(l->tensors);
    routed_forward(l->y, &l->tokens, l->tensors[0], l->pad, &w, &l->layer, l->B, l->T);
}

static void backward(Layer *l) {
    MoeWeights w = weights_of(l->tensors), dw = weights_of(l->gradients);
    // the old contents of scratch must not be used
    for (size_t i = 0; i < routed_scratch(&l->layer, l->B, l->T); i++) l->scratch[i] = NAN;
    routed_backward(l->gradients[0], &dw, l->scratch, l->dy, &l->tokens, l->tensors[0], &w,
                    &l->layer);
}

static double *row_of(const Layer *l, double *tensor, int b, int t) {
    return tensor + ((size_t)b * l->T + t) * l->layer.m.D;
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
enum { GOLDEN = COUNT_OF(golden) };

static RoutingRule golden_rule(const Safetensors *file) {
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

// gating.weights of the files is 0 where an expert was not chosen.
static void expect_weights(const Safetensors *file, const Layer *l) {
    const MoeGating *gating = &l->tokens.moe.gating;
    size_t cells = (size_t)l->B * l->T * l->layer.m.E;
    double *table = calloc(cells, sizeof *table), *expected = calloc(cells, sizeof *expected);
    ck_assert(table != NULL && expected != NULL);
    for (int t = 0; t < gating->N; t++) {
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++)
            table[t * l->layer.m.E + gating->index[i]] = gating->weight[i];
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
    Moe m = { .D = golden_size(&file, "D"),
              .F = golden_size(&file, "F"),
              .E = golden_size(&file, "E") };
    RoutingRule rule = golden_rule(&file);
    Layer l = layer_new(&rule, &m, golden_size(&file, "B"), golden_size(&file, "T"));
    for (int i = 0; i < TENSORS; i++) read_tensor(l.tensors[i], &file, names[i], l.count[i]);
    read_tensor(l.dy, &file, "dy", l.count[0]);
    forward(&l);
    backward(&l);
    expect_tensor(&file, "gating.logits", l.tokens.moe.logits, (size_t)l.B * l.T * m.E);
    expect_weights(&file, &l);
    expect_tensor(&file, "y", l.y, l.count[0]);
    expect_tensor(&file, "dx", l.gradients[0], l.count[0]);
    for (int i = 1; i < TENSORS; i++) {
        snprintf(text, sizeof text, "grad.%s", names[i]);
        expect_tensor(&file, text, l.gradients[i], l.count[i]);
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
enum { SHAPES = COUNT_OF(shapes) };

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
        const int *choice = l.tokens.moe.gating.start; // [N+1], followed by the experts
        const Slopes slopes = { loss, &l, choice,
                                (size_t)l.B * l.T + 1 + routed_entries(&rule, l.B, l.T, m.E) };
        for (int j = 0; j < TENSORS; j++)
            expect_slopes(names[j], l.tensors[j], l.gradients[j], l.count[j], &slopes);
        layer_free(&l);
    }
}
END_TEST

// A second call adds to the parameters' gradients and overwrites dx.
START_TEST(gradients_add_up)
{
    const RoutingRule rule = { (RoutingKind)_i, 1.5, 0.4 };
    const Moe m = { .D = 5, .F = 3, .E = 4 };
    Layer l = random_layer(&rule, &m, 2, 3, 5);
    double twice[5 * 4], dx[2 * 3 * 5];
    forward(&l);
    backward(&l);
    for (size_t i = 0; i < l.count[1]; i++) twice[i] = 2 * l.gradients[1][i];
    memcpy(dx, l.gradients[0], sizeof dx);
    backward(&l);
    expect("router", l.gradients[1], twice, l.count[1], 1e-15);
    ck_assert(memcmp(dx, l.gradients[0], sizeof dx) == 0);
    layer_free(&l);
}
END_TEST

// Without an expert, output and gradient are 0.
START_TEST(tokens_without_an_expert_get_zeros)
{
    const RoutingRule rule = { EXPERT_CHOICE, 0.5, 0.0 };
    const Moe m = { .D = 5, .F = 3, .E = 3 };
    Layer l = random_layer(&rule, &m, 1, 6, 2);
    int unrouted = 0;
    forward(&l);
    backward(&l);
    for (int t = 0; t < 6; t++) {
        if (l.tokens.moe.gating.start[t + 1] > l.tokens.moe.gating.start[t]) continue;
        unrouted++;
        for (int d = 0; d < m.D; d++)
            ck_assert(row_of(&l, l.y, 0, t)[d] == 0 && row_of(&l, l.gradients[0], 0, t)[d] == 0);
    }
    ck_assert_int_gt(unrouted, 0);
    layer_free(&l);
}
END_TEST

// ---- bridges

// Chapter 02's layer on the same parameters and tokens.
static void token_choice(double *y, int *index, const Layer *l, int K) {
    Moe m = l->layer.m;
    int N = l->B * l->T;
    m.K = K;
    m.order = SOFTMAX_TOP_K;
    double *doubles = calloc(moe_tokens_doubles(&m, N), sizeof *doubles);
    int *ints = calloc(moe_tokens_ints(&m, N), sizeof *ints);
    ck_assert(doubles != NULL && ints != NULL);
    MoeTokens tokens = moe_tokens(doubles, ints, &m, N);
    MoeWeights w = weights_of(l->tensors);
    moe_forward(y, &tokens, l->tensors[0], &w, N, &m);
    memcpy(index, tokens.gating.index, (size_t)N * K * sizeof *index);
    free(doubles);
    free(ints);
}

static const Moe moe_sizes = { .D = 7, .F = 5, .E = 6 };

// Rows as pools are chapter 02's token choice, bit for bit.
START_TEST(rows_as_pools_are_token_choice)
{
    for (int K = 1; K <= moe_sizes.E; K++) {
        const RoutingRule rule = { TOKEN_CHOICE, K, 0.0 };
        Layer l = random_layer(&rule, &moe_sizes, 3, 4, (uint64_t)K);
        double y[3 * 4 * 7];
        int index[3 * 4 * 6];
        forward(&l);
        token_choice(y, index, &l, K);
        ck_assert(memcmp(y, l.y, sizeof y) == 0);
        ck_assert(memcmp(index, l.tokens.moe.gating.index, (size_t)12 * K * sizeof *index) == 0);
        layer_free(&l);
    }
}
END_TEST

// If a sequence has one token (for the step pool: if a batch has one sequence), the unified pool is
// that token's row. It takes the experts of token choice, whatever alpha is; the output is the same
// only at alpha 0.
START_TEST(a_pool_of_one_token_is_token_choice)
{
    static const double alphas[] = { 0.0, 0.3, 0.5, 1.0 };
    for (int a = 0; a < 4; a++) {
        for (int K = 1; K <= moe_sizes.E; K++) {
            const RoutingRule rule = { (RoutingKind)_i, K, alphas[a] };
            int B = _i == UNIFIED_STEP ? 1 : 9, T = 10 - B;
            Layer l = random_layer(&rule, &moe_sizes, B, T, (uint64_t)K + 50);
            double y[9 * 7];
            int index[9 * 6];
            forward(&l);
            token_choice(y, index, &l, K);
            ck_assert(memcmp(index, l.tokens.moe.gating.index, (size_t)9 * K * sizeof *index) == 0);
            ck_assert_int_eq(memcmp(y, l.y, sizeof y) == 0, alphas[a] == 0.0);
            layer_free(&l);
        }
    }
}
END_TEST

// With a capacity for all, every expert gets every token, and the layer is the softmax-weighted sum
// of all experts.
START_TEST(capacity_for_all_is_every_expert_for_every_token)
{
    const RoutingRule rule = { (RoutingKind)_i, moe_sizes.E, 0.0 };
    Layer l = random_layer(&rule, &moe_sizes, 2, 5, 4);
    double y[2 * 5 * 7];
    int index[2 * 5 * 6];
    forward(&l);
    ck_assert_int_eq(l.tokens.moe.gating.start[10], 10 * moe_sizes.E);
    token_choice(y, index, &l, moe_sizes.E);
    expect("y", l.y, y, 2 * 5 * 7, 1e-15);
    layer_free(&l);
}
END_TEST

// Expert choice is balanced whatever the router's scores; the unified pools only keep to the
// budget.
START_TEST(loads_follow_the_rule)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        const RoutingRule rule = { (RoutingKind)_i, 2.0, 0.5 };
        Layer l = random_layer(&rule, &moe_sizes, 3, 5, seed);
        int load[6] = { 0 }, max = 0;
        const MoeGating *gating = &l.tokens.moe.gating;
        forward(&l);
        for (int t = 0; t < gating->N; t++) {
            int own = gating->start[t + 1] - gating->start[t];
            max = own > max ? own : max;
            for (int i = gating->start[t]; i < gating->start[t + 1]; i++) load[gating->index[i]]++;
        }
        for (int e = 0; e < 6 && _i == EXPERT_CHOICE; e++) ck_assert_int_eq(load[e], 5); // 15·2/6
        if (_i == TOKEN_CHOICE) ck_assert_int_eq(max, 2);
        ck_assert_int_eq(gating->start[15], 30);
        layer_free(&l);
    }
}
END_TEST

// ---- causality

// Changes one token after the other, and counts how many outputs of earlier tokens of its sequence
// change.
static int leaks(const RoutingRule *rule, uint64_t seed) {
    enum { B = 3, T = 6, D = 7 };
    Layer l = random_layer(rule, &moe_sizes, B, T, seed);
    double before[B * T * D], other[D];
    int count = 0;
    forward(&l);
    memcpy(before, l.y, sizeof before);
    fill(other, D, 2.0, seed, "other");
    for (int b = 0; b < B; b++) {
        for (int t = 1; t < T; t++) {
            double old[D], *x = row_of(&l, l.tensors[0], b, t);
            memcpy(old, x, sizeof old);
            memcpy(x, other, sizeof other);
            forward(&l);
            for (int s = 0; s < t; s++) {
                count += memcmp(row_of(&l, l.y, b, s), row_of(&l, before, b, s),
                                D * sizeof *before) != 0;
            }
            memcpy(x, old, sizeof old);
        }
    }
    layer_free(&l);
    return count;
}

// If an earlier output changes when a later token does, it has seen that token. Two rules leak, two
// do not.
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

// Generation: with the causal rules the first tokens alone give the same outputs as within the
// whole sequence.
START_TEST(a_prefix_gives_the_outputs_of_the_whole)
{
    enum { B = 2, T = 6, SHORT = 3, D = 7 };
    const RoutingRule rule = { (RoutingKind)_i, 1.5, 0.5 };
    Layer whole = random_layer(&rule, &moe_sizes, B, T, 3),
          prefix = random_layer(&rule, &moe_sizes, B, SHORT, 3);
    bool same = true;
    for (int b = 0; b < B; b++) {
        memcpy(row_of(&prefix, prefix.tensors[0], b, 0), row_of(&whole, whole.tensors[0], b, 0),
               SHORT * D * sizeof(double));
    }
    forward(&whole);
    forward(&prefix);
    for (int b = 0; b < B; b++) {
        same = same && memcmp(row_of(&prefix, prefix.y, b, 0), row_of(&whole, whole.y, b, 0),
                              SHORT * D * sizeof(double)) == 0;
    }
    ck_assert_int_eq(same, _i == TOKEN_CHOICE || _i == UNIFIED_STEP);
    layer_free(&whole);
    layer_free(&prefix);
}
END_TEST

// Expert choice and the step pool depend on the other sequences of the batch.
START_TEST(two_rules_depend_on_the_other_sequences)
{
    enum { B = 2, T = 4, D = 7 };
    int changed = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        const RoutingRule rule = { (RoutingKind)_i, 1.0, 0.5 };
        Layer l = random_layer(&rule, &moe_sizes, B, T, seed);
        double before[T * D];
        forward(&l);
        memcpy(before, l.y, sizeof before);
        // all of the other sequence
        fill(row_of(&l, l.tensors[0], 1, 0), T * D, 2.0, seed, "others");
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
    const TestRow tests[] = {
        { golden_files_agree, GOLDEN },
        { backward_is_the_slope_of_forward, ROUTING_KINDS },
        { gradients_add_up, ROUTING_KINDS },
        { tokens_without_an_expert_get_zeros },
        { rows_as_pools_are_token_choice },
        { a_pool_of_one_token_is_token_choice, ROUTING_KINDS - UNIFIED_SEQUENCE, UNIFIED_SEQUENCE },
        { capacity_for_all_is_every_expert_for_every_token, ROUTING_KINDS },
        { loads_follow_the_rule, ROUTING_KINDS },
        { expert_choice_and_the_sequence_pool_see_the_future, ROUTING_KINDS },
        { a_prefix_gives_the_outputs_of_the_whole, ROUTING_KINDS },
        { two_rules_depend_on_the_other_sequences, ROUTING_KINDS },
    };
    return run_tests("03 who chooses: the layer", tests, COUNT_OF(tests));
}
