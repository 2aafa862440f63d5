// Bridges: what must hold between one kind of layer and another, or a layer and plain algebra.
#include "reference/check/checked_layer.h"
#include "reference/check/compare.h"
#include "reference/check/layer_numbers.h"
#include "reference/circuits/patch.h"
#include "reference/numbers/random.h"
#include "reference/numbers/sgemm.h"
#include "tests/chain/chapter_ffn.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Config sgatlin(Router router, int D, int F, int C, int K, int Dk) {
    return (Config){
        .ffn = ffn_find("sgatlin"), .D = D, .F = F, .C = C, .K = K, .Dk = Dk, .router = router
    };
}

static void open_layer(FfnLayer *layer, const Config *config, int T, uint64_t seed) {
    Error error = { "" };
    ck_assert_msg(checked_layer_new(layer, config, 1, T, &error), "%s", error.text);
    ffn_layer_randomize(layer, seed);
}

static void forward(FfnLayer *layer) {
    Error error = { "" };
    ck_assert_msg(checked_forward(layer, NULL, &error), "%s", error.text);
}

static void forward_forced(FfnLayer *layer, ForcedGating *forced) {
    Error error = { "" };
    HookList hooks = one_hook(gating_force_hook, forced);
    ck_assert_msg(checked_forward(layer, &hooks, &error), "%s", error.text);
}

static float *tensor(const FfnLayer *layer, const char *name) {
    const Tensor *found = tensors_find(&layer->tensors, name);
    ck_assert_ptr_nonnull(found);
    return layer->parameters + found->offset;
}

// Integers from -2 to 2: every score is exact in float, and there are many ties. Dk is a power of
// four (or twice one, for PEER's router), so the scale is a power of two and exact as well.
static void small_integers(float *out, size_t count, uint64_t key) {
    for (size_t i = 0; i < count; i++) out[i] = (float)random_below(key, i, 5) - 2.0f;
}

static void check_ties(Router router, int n, int C, int K, int T) {
    int Dk = router == ROUTER_PRODUCT_KEY_VALUE ? 2 : 4;
    Config config = sgatlin(router, 3, n * n, C, K, Dk);
    FfnLayer layer;
    LayerNumbers chapter;
    Error error = { "" };
    open_layer(&layer, &config, T, 3);
    small_integers(layer.x, (size_t)T * 3, random_key(1, "x"));
    small_integers(tensor(&layer, "router.query"),
                   tensors_find(&layer.tensors, "router.query")->count,
                   random_key((uint64_t)n, "query"));
    small_integers(tensor(&layer, "router.keys"),
                   tensors_find(&layer.tensors, "router.keys")->count,
                   random_key((uint64_t)n, "keys"));
    ck_assert_msg(layer_numbers_new(&chapter, &config, 1, T, &error), "%s", error.text);
    layer_numbers_from(&chapter, &layer);
    ck_assert_msg(chapters_run(&chapter, &error), "%s", error.text);
    forward(&layer);
    Gating gating = ffn_layer_gating(&layer);
    long ties = 0;
    for (size_t i = 0; i < gating_entries(&gating); i++) {
        ck_assert_msg(
            gating.index[i] == chapter.index[i] && (double)gating.score[i] == chapter.score[i],
            "router %d n %d K %d, entry %zu: %d with %g, brute force over all F has %d with %g",
            router, n, K, i, gating.index[i], gating.score[i], chapter.index[i], chapter.score[i]);
        ties += i % K > 0 && gating.score[i] == gating.score[i - 1];
    }
    if (n > 2 && K > 1) ck_assert_int_gt(ties, 0); // otherwise the test shows nothing
    layer_numbers_free(&chapter);
    ffn_layer_free(&layer);
}

START_TEST(top_k_is_brute_force_with_ties_to_the_lower_index)
{
    static const int sides[] = { 1, 2, 3, 5, 8, 11 };
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        int n = sides[i];
        for (int K = 1; K <= n; K++) check_ties((Router)_i, n, 1 + (int)i % 3, K, 37);
    }
}
END_TEST

// Flat routers may choose all F experts.
START_TEST(flat_routers_choose_up_to_all)
{
    for (int K = 1; K <= 9; K++) check_ties(_i ? ROUTER_KEY_VALUE : ROUTER_DENSE, 3, 2, K, 19);
}
END_TEST

// One random gating that replaces a layer's own.
typedef struct {
    float score[256];
    int32_t index[256];
    ForcedGating forced;
} Frozen;

static void freeze(Frozen *frozen, const FfnLayer *layer) {
    const Config *config = &layer->config;
    int entries = layer->N * config->C * config->K;
    ck_assert_int_le(entries, 256);
    random_fill_normal(frozen->score, (size_t)entries, random_key(4, "score"), 1.0);
    for (int i = 0; i < entries; i++) { // distinct within a row
        frozen->index[i] =
            (int32_t)((random_below(9, (uint64_t)(i / config->K), (uint64_t)config->F) +
                       i % config->K) %
                      (uint64_t)config->F);
    }
    frozen->forced = (ForcedGating){ .gating = { .score = frozen->score,
                                                 .index = frozen->index,
                                                 .N = layer->N,
                                                 .C = config->C,
                                                 .K = config->K } };
}

START_TEST(frozen_gates_make_it_linear)
{
    Config config = sgatlin((Router)_i, 24, 36, 2, 5, 7);
    enum { T = 11 };
    const float a = 1.7f, b = -0.6f;
    FfnLayer layer;
    Frozen frozen;
    open_layer(&layer, &config, T, 8);
    freeze(&frozen, &layer);
    size_t rows = (size_t)T * config.D;
    float first[T * 24], second[T * 24];
    double sum[T * 24];
    random_fill_normal(first, rows, random_key(1, "first"), 1.0);
    random_fill_normal(second, rows, random_key(1, "second"), 1.0);
    memcpy(layer.x, first, sizeof first);
    forward_forced(&layer, &frozen.forced);
    for (size_t i = 0; i < rows; i++) sum[i] = (double)a * layer.y[i];
    memcpy(layer.x, second, sizeof second);
    forward_forced(&layer, &frozen.forced);
    for (size_t i = 0; i < rows; i++) sum[i] += (double)b * layer.y[i];
    for (size_t i = 0; i < rows; i++) layer.x[i] = a * first[i] + b * second[i];
    forward_forced(&layer, &frozen.forced);
    ck_assert_int_eq(frozen.forced.calls, 3);
    ck_assert_int_eq(frozen.forced.mismatches, 0);
    Difference difference; // measured 4e-7
    bool same = compare_floats(&difference, "f(ax+by)", layer.y, rows, (Values){ sum, rows },
                               (Tolerance){ 0, 2e-6 });
    ck_assert_msg(same, "%s", difference.problem);
    if (getenv("MEASURE")) fprintf(stderr, "%.1e of rms\n", difference.worst / difference.rms);
    ffn_layer_free(&layer);
}
END_TEST

// With an activation the layer is not linear: the test above can fail.
START_TEST(an_activation_breaks_the_linearity)
{
    Config config = sgatlin(ROUTER_PRODUCT_DENSE, 24, 36, 2, 5, 7);
    config.activation = (Activation)(ACTIVATION_RELU + _i);
    FfnLayer layer;
    Frozen frozen;
    open_layer(&layer, &config, 11, 8);
    freeze(&frozen, &layer);
    size_t rows = 11 * 24;
    forward_forced(&layer, &frozen.forced);
    double twice[11 * 24];
    for (size_t i = 0; i < rows; i++) twice[i] = -2.0 * layer.y[i];
    for (size_t i = 0; i < rows; i++) layer.x[i] *= -2.0f;
    forward_forced(&layer, &frozen.forced);
    Difference difference;
    ck_assert(!compare_floats(&difference, "f(-2x)", layer.y, rows, (Values){ twice, rows },
                              (Tolerance){ 0, 1e-2 }));
    ffn_layer_free(&layer);
}
END_TEST

// One channel, the dense router, all F chosen, gates 1: y = W_out^T (W_in x).
START_TEST(gates_of_one_make_a_linear_map)
{
    enum { T = 5, D = 7, F = 11 };
    Config config = sgatlin(ROUTER_DENSE, D, F, 1, F, 3);
    FfnLayer layer;
    open_layer(&layer, &config, T, 2);
    float ones[T * F];
    int32_t index[T * F];
    for (int i = 0; i < T * F; i++) ones[i] = 1.0f;
    for (int i = 0; i < T * F; i++) index[i] = F - 1 - i % F; // all of them, in any order
    ForcedGating forced = { .gating = { .score = ones, .index = index, .N = T, .C = 1, .K = F } };
    forward_forced(&layer, &forced);
    const float *in = tensor(&layer, "experts.in"), *out = tensor(&layer, "experts.out");
    double expected[T * D] = { 0 };
    for (int t = 0; t < T; t++) {
        for (int f = 0; f < F; f++) {
            double z = 0.0;
            for (int d = 0; d < D; d++) z += (double)in[f * D + d] * layer.x[t * D + d];
            for (int d = 0; d < D; d++) expected[t * D + d] += z * out[f * D + d];
        }
    }
    Difference difference; // measured 2e-7
    bool same = compare_floats(&difference, "y", layer.y, (size_t)T * D,
                               (Values){ expected, (size_t)T * D }, (Tolerance){ 0, 2e-6 });
    ck_assert_msg(same, "%s", difference.problem);
    if (getenv("MEASURE")) fprintf(stderr, "%.1e of rms\n", difference.worst / difference.rms);
    ffn_layer_free(&layer);
}
END_TEST

// Backward uses the hook's gating: gradients reach the forced experts and no others.
START_TEST(backward_follows_the_forced_choice)
{
    Config config = sgatlin((Router)_i, 5, 16, 2, 2, 3);
    FfnLayer layer;
    Frozen frozen;
    Error error = { "" };
    open_layer(&layer, &config, 3, 6);
    freeze(&frozen, &layer);
    forward_forced(&layer, &frozen.forced);
    ck_assert_msg(checked_backward(&layer, &error), "%s", error.text);
    bool chosen[2][16] = { { false } };
    for (int i = 0; i < 3 * 2 * 2; i++) chosen[i / 2 % 2][frozen.index[i]] = true;
    const float *dout = layer.gradients + tensors_find(&layer.tensors, "experts.out")->offset;
    for (int c = 0; c < 2; c++) {
        for (int f = 0; f < 16; f++) {
            bool any = false;
            for (int d = 0; d < 5; d++) any = any || dout[(c * 16 + f) * 5 + d] != 0.0f;
            ck_assert_int_eq(any, chosen[c][f]);
        }
    }
    ffn_layer_free(&layer);
}
END_TEST

int main(void) {
    sgemm_setup();
    const TestRow tests[] = {
        { top_k_is_brute_force_with_ties_to_the_lower_index, ROUTERS },
        { flat_routers_choose_up_to_all, 2 },
        { frozen_gates_make_it_linear, ROUTERS },
        { an_activation_breaks_the_linearity, ACTIVATIONS - ACTIVATION_RELU },
        { gates_of_one_make_a_linear_map },
        { backward_follows_the_forced_choice, ROUTERS },
    };
    return run_tests("bridges", tests, COUNT_OF(tests));
}
