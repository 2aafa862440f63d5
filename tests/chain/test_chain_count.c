// The counts of `sgatlin flops` and `sgatlin isoflop` against chapter 08: the dimensions of the
// scales, parameters, FLOPs, bytes, and the steps of a budget.
#include "chapters/08_equal_compute/count.h"
#include "chapters/08_equal_compute/scales.h"
#include "chapters/08_equal_compute/traffic.h"
#include "reference/config/scales.h"
#include "reference/ffn/ffn.h"
#include "reference/isoflop/cell.h"
#include "tests/golden/golden_chapter_model.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <string.h>

static void expect_same_count(const Config *config, const ModelSizes *sizes) {
    ModelCost cost = model_cost(config);
    Weights weights = count_weights(sizes);
    Flops flops = count_flops(sizes);
    ck_assert_double_eq(cost.parameters, weights.stored);
    ck_assert_double_eq(cost.active_parameters, weights.active);
    ck_assert_double_eq(cost.layers.flops, counted_flops(&flops));
    ck_assert_double_eq(cost.flops_full, full_flops(&flops));
}

START_TEST(the_scales)
{
    for (int scale = 0; scale < SCALES; scale++) {
        for (int kind = 0; kind < FEED_FORWARD_LAYERS; kind++) {
            Error error = { "" };
            Config config;
            ModelSizes sizes;
            int quarter = scale < QUARTER_SCALES,
                s = quarter ? scale + 1 : scale - QUARTER_SCALES + 2;
            const FfnKind *ffn = ffn_find(feed_forward_kinds[kind].name);
            ck_assert_msg(scale_config(&config, scale_names[scale], ffn, &error), "%s", error.text);
            ck_assert((quarter ? quarter_scale : paper_scale)(&sizes, (FeedForwardKind)kind, s));
            ModelSizes theirs = chapter_sizes(&config);
            // The chapter's config of peer has a router; every_router tests those of sgatlin.
            theirs.router = sizes.router;
            ck_assert_msg(memcmp(&sizes, &theirs, sizeof sizes) == 0, "%s %s", ffn->name,
                          scale_names[scale]);
            expect_same_count(&config, &sizes);
        }
    }
}
END_TEST

START_TEST(every_router)
{
    Error error = { "" };
    Config config;
    ck_assert_msg(scale_config(&config, "q3", ffn_find("sgatlin"), &error), "%s", error.text);
    for (int router = 0; router < ROUTERS; router++) {
        config.router = (Router)router;
        ModelSizes sizes = chapter_sizes(&config);
        ck_assert_int_eq((int)sizes.router, router);
        expect_same_count(&config, &sizes);
    }
}
END_TEST

// Every dimension is odd and different, so that no error cancels.
START_TEST(odd_sizes)
{
    for (int kind = 0; kind < FEED_FORWARD_LAYERS; kind++) {
        Config config = config_default(ffn_find(feed_forward_kinds[kind].name));
        config.V = 101, config.T = 7, config.D = 15, config.L = 3, config.Dh = 5, config.F = 49;
        config.E = 11, config.C = 3, config.K = 5, config.Dk = 13;
        ModelSizes sizes = chapter_sizes(&config);
        expect_same_count(&config, &sizes);
    }
}
END_TEST

// The reference counts the bytes of one layer's weights for a sequence: dense kinds and moe every
// weight once, one-neuron experts a row at every use. The chapter also counts x and y, [T,D] each.
START_TEST(bytes)
{
    Error error = { "" };
    for (int kind = 0; kind < FEED_FORWARD_LAYERS; kind++) {
        Config config;
        const FfnKind *ffn = ffn_find(feed_forward_kinds[kind].name);
        ck_assert_msg(scale_config(&config, "q2", ffn, &error), "%s", error.text);
        ModelSizes sizes = chapter_sizes(&config);
        Traffic traffic = layer_traffic(&sizes, config.T);
        double ours = kind == FEED_FORWARD_PEER || kind == FEED_FORWARD_SGATLIN
                          ? traffic.bytes_per_use
                          : traffic.bytes_once;
        double theirs = ffn_of(&config)->cost(&config, config.T).bytes;
        ck_assert_double_eq_tol(ours - 8.0 * config.T * config.D, theirs, 1e-9 * theirs);
    }
}
END_TEST

START_TEST(steps_of_a_budget)
{
    static const char *const scales[] = { "q1", "q2", "q3", "q5" };
    static const double budgets[] = { 1e11, 4e12, 6e12, 1.7e14 };
    for (int i = 0; i < 4; i++) {
        for (int kind = 0; kind < FEED_FORWARD_LAYERS; kind++) {
            Error error = { "" };
            Cell cell;
            Purchase bought;
            ck_assert(cell_new(&cell, feed_forward_kinds[kind].name, scales[i], budgets[i], 0.002,
                               1, &error));
            ck_assert_msg(cell_prepare(&cell, 2048, "", &error), "%s", error.text);
            ModelSizes sizes = chapter_sizes(&cell.config);
            ck_assert(buy_training(&bought, budgets[i], &sizes, (int)cell.settings.B));
            ck_assert_double_eq(bought.steps, (double)cell.settings.steps);
            ck_assert_double_eq(bought.flops, bought.steps * cell_step_flops(&cell));
            ck_assert_double_eq(bought.full, bought.steps * cell_step_flops_full(&cell));
        }
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { the_scales }, { every_router }, { odd_sizes }, { bytes }, { steps_of_a_budget },
    };
    return run_tests("chain: count", tests, COUNT_OF(tests));
}
