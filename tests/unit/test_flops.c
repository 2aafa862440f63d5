#include "reference/config/scales.h"
#include "reference/ffn/ffn.h"
#include "reference/io/json.h"
#include "reference/model/model.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <string.h>

// The sgatlin paper's own counts for the models of its studies: parameters of the whole model,
// and FLOPs of the layers' matrix products for one sequence, forward.
static const char *const GOLDEN = "tests/golden/flops.json";
enum { GOLDEN_ROWS = 42 };

static json_t *golden_rows(void) {
    Error error = { "" };
    json_t *file = json_read_file(GOLDEN, &error),
           *rows = json_incref(json_object_get(file, "rows"));
    ck_assert_msg(file != NULL, "%s", error.text);
    ck_assert_int_eq((int)json_array_size(rows), GOLDEN_ROWS);
    json_decref(file);
    return rows;
}

static double number(const json_t *row, const char *name) {
    return json_number_value(json_object_get(row, name));
}

// The row's model, from its dimensions; false: there is no such kind.
static bool row_config(Config *out, const json_t *row) {
    const char *name;
    json_t *value;
    Error error = { "" };
    *out = config_default(ffn_find(json_string_value(json_object_get(row, "ffn"))));
    if (out->ffn == NULL) return false;
    json_object_foreach((json_t *)row, name, value) {
        char text[32] = "";
        bool found;
        if (json_is_integer(value))
            snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
        if (json_is_string(value)) snprintf(text, sizeof text, "%s", json_string_value(value));
        // dimensions have at most two characters
        if (strlen(name) > 2 && strcmp(name, "router") != 0) continue;
        ck_assert_msg(config_set(out, name, text, &found, &error), "%s", error.text);
        ck_assert_msg(found, "there is no setting %s", name);
    }
    ck_assert_msg(config_valid(out, &error), "%s", error.text);
    return true;
}

START_TEST(counts_agree_exactly)
{
    json_t *rows = golden_rows(), *row = json_array_get(rows, (size_t)_i);
    Config config;
    if (row_config(&config, row)) {
        ModelCost cost = model_cost(&config);
        double flops = number(row, "forward_flops_per_sequence");
        ck_assert_double_eq(cost.parameters, number(row, "parameters"));
        ck_assert_double_eq(cost.layers.flops, flops);
        ck_assert_double_eq(cost.flops_full, flops + 2.0 * config.T * config.D * config.V);
        ck_assert(cost.active_parameters <= cost.parameters);
    }
    json_decref(rows);
}
END_TEST

static bool same_row(const ScaleRow *ours, const json_t *row) {
    Config config;
    return strcmp(ours->study, json_string_value(json_object_get(row, "study"))) == 0 &&
           ours->scale == (int)number(row, "scale") && row_config(&config, row) &&
           config_equal(&ours->config, &config);
}

// scale_rows has every golden model of the kinds that are built in, with the same dimensions, and
// no others.
START_TEST(scale_rows_are_the_papers_models)
{
    Error error = { "" };
    ScaleRow scales[MAX_SCALE_ROWS];
    json_t *rows = golden_rows();
    int count = scale_rows(scales, ffn_kinds, &error), known = 0;
    ck_assert_msg(count > 0, "%s", error.text);
    for (size_t i = 0; i < GOLDEN_ROWS; i++) {
        const json_t *row = json_array_get(rows, i);
        Config config;
        int found = 0;
        if (!row_config(&config, row)) continue;
        for (int j = 0; j < count; j++) found += same_row(&scales[j], row);
        ck_assert_msg(found == 1, "row %zu: %d of ours are the same", i, found);
        known++;
    }
    ck_assert_int_eq(count, known);
    // mlp, glu and sgatlin at eight sizes, and sgatlin with two other routers
    ck_assert_int_ge(known, 26);
    json_decref(rows);
}
END_TEST

// Scale q2 has the proportions of scale 2, and so on.
START_TEST(a_quarter_keeps_the_proportions)
{
    Error error = { "" };
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        for (int s = 2; s <= 8; s++) {
            Config paper, ours;
            char quarter[8] = { 'q', (char)('0' + s), '\0' };
            ck_assert_msg(scale_config(&paper, quarter + 1, ffn_kinds[i], &error), "%s",
                          error.text);
            ck_assert_msg(scale_config(&ours, quarter, ffn_kinds[i], &error), "%s", error.text);
            ck_assert_msg(config_valid(&ours, &error), "%s %s: %s", ffn_kinds[i]->name, quarter,
                          error.text);
            ck_assert_int_eq(4 * ours.D, paper.D);
            ck_assert_int_eq(4 * ours.Dh, paper.Dh);
            ck_assert_int_eq(2 * ours.L, paper.L);
            ck_assert_int_eq(4 * ours.C, paper.C);
            ck_assert_int_eq(4 * ours.Dk, paper.Dk);
            ck_assert_int_eq(ours.K, paper.K);
            bool shared = paper.C > 0; // one-neuron experts: as many
            ck_assert_int_eq((shared ? 1 : 4) * ours.F, paper.F);
        }
    }
}
END_TEST

START_TEST(other_scales_are_refused)
{
    static const char *const names[] = { "1", "9", "0", "q0", "q9", "2.0", "q", "", "Q2", " 2" };
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
        Error error = { "" };
        Config config;
        ck_assert_int_eq(scale_find(names[i]), -1);
        ck_assert(!scale_config(&config, names[i], ffn_find("mlp"), &error));
        ck_assert_ptr_nonnull(strstr(error.text, "there is no such scale"));
    }
    for (int i = 0; i < SCALES; i++) ck_assert_int_eq(scale_find(scale_names[i]), i);
}
END_TEST

START_TEST(the_table_counts_what_is_allocated)
{
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        for (int router = 0; router < ROUTERS; router++) {
            Config config = { .ffn = ffn_kinds[i],
                              .V = 37,
                              .T = 5,
                              .D = 12,
                              .Dh = 6,
                              .L = 3,
                              .F = 49,
                              .E = 6,
                              .C = 3,
                              .K = 5,
                              .Dk = 7,
                              .router = (Router)router };
            Model model;
            Error error = { "" };
            ck_assert_msg(model_new(&model, &config, &error), "%s", error.text);
            double count = 0;
            for (int t = 0; t < model.tensors.count; t++)
                count += (double)model.tensors.items[t].count;
            ck_assert_double_eq(count, model_cost(&config).parameters);
            model_free(&model);
        }
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { counts_agree_exactly, GOLDEN_ROWS },  { scale_rows_are_the_papers_models },
        { a_quarter_keeps_the_proportions },    { other_scales_are_refused },
        { the_table_counts_what_is_allocated },
    };
    return run_tests("flops", tests, COUNT_OF(tests));
}
