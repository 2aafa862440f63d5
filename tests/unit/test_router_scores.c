// The scores that a router shows on request: those it selected from, and the same layer otherwise.
#include "reference/check/checked_layer.h"
#include "reference/ffn/key_router.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Odd sizes, one token, also with more channels than vectors have lanes, and more than one block of
// tokens; product_key_value folds its query into its keys in the third and fourth.
static const struct {
    int B, T, D, F, C, K, Dk;
} sizes[] = {
    { 1, 1, 5, 9, 2, 3, 3 },     { 2, 3, 7, 4, 1, 2, 2 },   { 3, 47, 8, 25, 3, 4, 16 },
    { 1, 300, 12, 16, 2, 2, 9 }, { 1, 1, 6, 16, 37, 3, 4 },
};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

// The dense kinds come first.
static int first_sparse(void) {
    Config kind;
    int variant = 0;
    while (layer_variant(variant, &kind, NULL) && !kind.ffn->sparse) variant++;
    return variant;
}

static Config config_of(int variant, int i) {
    Config config;
    ck_assert(layer_variant(variant, &config, NULL));
    config.T = sizes[i].T;
    config.D = sizes[i].D;
    config.F = sizes[i].F;
    config.C = sizes[i].C;
    config.K = sizes[i].K;
    config.Dk = sizes[i].Dk;
    config.E = config.K + 3;
    if (config.T * config.capacity < config.E) config.capacity = config.E;
    return config;
}

static void run(FfnLayer *out, const Config *config, int B, float *key_scores) {
    Error error = { "" };
    HookList hooks = { .key_scores = key_scores };
    ck_assert_msg(checked_layer_new(out, config, B, config->T, &error), "%s", error.text);
    ffn_layer_randomize(out, 11);
    ck_assert_msg(checked_forward(out, &hooks, &error), "%s", error.text);
    ck_assert_msg(checked_backward(out, &error), "%s", error.text);
}

static float *new_scores(size_t count) {
    float *scores = malloc((count + 1) * sizeof *scores);
    ck_assert_ptr_nonnull(scores);
    for (size_t i = 0; i <= count; i++) scores[i] = NAN;
    return scores;
}

// The score of expert f of channel c, from one token's scores.
static float score_of(const Config *config, const Gating *gating, const float *scores, int c,
                      int f) {
    bool product = !kind_uses(config->ffn, "router") || key_router_is_product(config->router);
    if (!product) return scores[(size_t)c * (size_t)gating->F + (size_t)f];
    int n = config_keys(config);
    const float *a = scores + (size_t)c * (size_t)n, *b = a + (size_t)gating->C * (size_t)n;
    return a[f / n] + b[f % n];
}

// The K best of F, by the tie rule, one after the other.
static void check_selection(const Config *config, const Gating *gating, const float *scores, int t,
                            int c) {
    const float *row = scores + (size_t)t * (size_t)gating->keys;
    size_t first = ((size_t)t * (size_t)gating->C + (size_t)c) * (size_t)gating->K;
    bool taken[64] = { false };
    for (int k = 0; k < gating->K; k++) {
        int best = -1;
        for (int f = 0; f < gating->F; f++) {
            if (taken[f]) continue;
            if (best < 0 ||
                score_of(config, gating, row, c, f) > score_of(config, gating, row, c, best))
                best = f;
        }
        taken[best] = true;
        ck_assert_int_eq(gating->index[first + (size_t)k], best);
        ck_assert(gating->score[first + (size_t)k] == score_of(config, gating, row, c, best));
    }
}

// Not one bit less: what is shown is what the selection saw.
START_TEST(shown_scores_are_those_selected_from)
{
    for (int i = 0; i < SIZES; i++) {
        Config config = config_of(_i, i);
        Gating gating = ffn_gating(&config, NULL, sizes[i].B * sizes[i].T);
        size_t count = (size_t)gating.N * (size_t)gating.keys;
        float *scores = new_scores(count);
        FfnLayer layer;
        run(&layer, &config, sizes[i].B, scores);
        gating = ffn_layer_gating(&layer);
        ck_assert_ptr_null(gating.key_scores); // only during the call
        for (size_t s = 0; s < count; s++) ck_assert(!isnan(scores[s]));
        ck_assert(isnan(scores[count]));
        for (int t = 0; !config.ffn->ragged && t < gating.N; t++) {
            for (int c = 0; c < gating.C; c++) check_selection(&config, &gating, scores, t, c);
        }
        ffn_layer_free(&layer);
        free(scores);
    }
}
END_TEST

START_TEST(asking_for_scores_changes_nothing_else)
{
    for (int i = 0; i < SIZES; i++) {
        Config config = config_of(_i, i);
        size_t rows = (size_t)(sizes[i].B * sizes[i].T) * (size_t)config.D;
        size_t count =
            (size_t)(sizes[i].B * sizes[i].T) * (size_t)ffn_gating(&config, NULL, 1).keys;
        float *one = new_scores(count), *many = new_scores(count);
        FfnLayer without, with;
        run(&without, &config, sizes[i].B, NULL);
        run(&with, &config, sizes[i].B, one);
        ck_assert_mem_eq(without.y, with.y, rows * sizeof *with.y);
        ck_assert_mem_eq(without.dx, with.dx, rows * sizeof *with.dx);
        ffn_layer_free(&with);
        parallel_set_threads(3);
        run(&with, &config, sizes[i].B, many);
        parallel_set_threads(1);
        ck_assert_mem_eq(one, many, count * sizeof *one);
        ffn_layer_free(&with);
        ffn_layer_free(&without);
        free(one);
        free(many);
    }
}
END_TEST

static void look(void *context, const GatingEvent *event) {
    const float **seen = context;
    const Gating *gating = event->gating;
    ck_assert_int_eq(event->layer, 0);
    ck_assert_int_gt(gating->keys, 0);
    *seen = gating->key_scores;
    size_t count = (size_t)gating->N * (size_t)gating->keys;
    for (size_t i = 0; *seen != NULL && i < count; i++) ck_assert(!isnan((*seen)[i]));
}

START_TEST(hooks_see_the_scores_if_asked_for)
{
    Config config = config_of(_i, 1);
    float *scores = new_scores(6 * (size_t)ffn_gating(&config, NULL, 1).keys);
    const float *seen = scores;
    Error error = { "" };
    FfnLayer layer;
    ck_assert_msg(checked_layer_new(&layer, &config, 2, 3, &error), "%s", error.text);
    ffn_layer_randomize(&layer, 11);
    HookList hooks = one_hook(look, &seen);
    ck_assert_msg(checked_forward(&layer, &hooks, &error), "%s", error.text);
    ck_assert_ptr_null(seen);
    hooks.key_scores = scores;
    ck_assert_msg(checked_forward(&layer, &hooks, &error), "%s", error.text);
    ck_assert_ptr_eq(seen, scores);
    ffn_layer_free(&layer);
    free(scores);
}
END_TEST

int main(void) {
    sgemm_setup();
    parallel_set_threads(1);
    int variants = layer_variants(), first = first_sparse();
    const TestRow tests[] = {
        { shown_scores_are_those_selected_from, variants - first, .first = first },
        { asking_for_scores_changes_nothing_else, variants - first, .first = first,
          .threads = USES_THREADS },
        { hooks_see_the_scores_if_asked_for, variants - first, .first = first },

    };
    return run_tests("router_scores", tests, COUNT_OF(tests));
}
