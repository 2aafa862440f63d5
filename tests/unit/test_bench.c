#include "reference/bench/circuit_subjects.h"
#include "reference/bench/rounds.h"
#include "reference/bench/subjects.h"
#include "reference/config/presets.h"
#include "reference/ffn/ffn.h"
#include "reference/io/json.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(median_min_and_max)
{
    double odd[] = { 3, 1, 2 }, even[] = { 9, 1, 3, 5 }, one[] = { 7 };
    Summary summary = summarize(odd, 3);
    ck_assert_double_eq(summary.median, 2);
    summary = summarize(even, 4);
    ck_assert_double_eq(summary.min, 1);
    ck_assert_double_eq(summary.median, 4);
    ck_assert_double_eq(summary.max, 9);
    ck_assert_double_eq(summarize(one, 1).median, 7);
}
END_TEST

// A bench that logs its name and reports made-up times.
typedef struct {
    char name, *order;
    int runs;
} Subject;

static void run_subject(void *context, double seconds[BENCH_PARTS]) {
    Subject *subject = context;
    subject->runs++;
    strncat(subject->order, &subject->name, 1);
    seconds[0] = subject->runs;
    seconds[1] = 10;
}

START_TEST(benches_are_interleaved)
{
    char order[64] = "";
    Subject a = { 'a', order, 0 }, b = { 'b', order, 0 };
    Bench first = { .run = run_subject, .context = &a },
          second = { .run = run_subject, .context = &b, .brief = true };
    Error error;
    ck_assert_msg(bench_rounds((Bench *[]){ &first, &second }, 2, 3, &error), "%s", error.text);
    // two warm-up rounds and three measured ones; a brief bench makes an extra run first
    ck_assert_str_eq(order, "abbabbabbabbabb");
    // a's measured runs: 3, 4, 5
    ck_assert_double_eq(first.parts[0].min, 3);
    ck_assert_double_eq(first.parts[0].median, 4);
    ck_assert_double_eq(first.parts[0].max, 5);
    ck_assert_double_eq(first.parts[1].median, 10);
    ck_assert_double_eq(first.parts[2].max, 0);
    ck_assert_double_eq(first.whole.median, 14);
    // b's measured runs: 6, 8, 10
    ck_assert_double_eq(second.parts[0].min, 6);
    ck_assert_double_eq(second.whole.max, 20);
}
END_TEST

START_TEST(a_bench_alone_needs_no_extra_run)
{
    char order[16] = "";
    Subject a = { 'a', order, 0 };
    Bench bench = { .run = run_subject, .context = &a, .brief = true };
    Error error;
    ck_assert_msg(bench_rounds((Bench *[]){ &bench }, 1, 4, &error), "%s", error.text);
    ck_assert_str_eq(order, "aaaaaa");
}
END_TEST

static Config paper(const char *ffn) {
    Config config;
    Error error;
    const Preset *preset = preset_find("tinystories", &error);
    ck_assert_ptr_nonnull(preset);
    ck_assert_msg(preset_config(&config, preset, ffn_find(ffn), &error), "%s", error.text);
    config.T = 256;
    return config;
}

START_TEST(work_is_counted)
{
    Config mlp = paper("mlp"), sgatlin = paper("sgatlin");
    // mlp: 4·D·F per token forward, three times that with backward; nothing is gathered
    CountedWork work = layer_counted(&mlp, 8);
    ck_assert_double_eq(work.flops, 3.0 * 2048 * 4 * 256 * 1024);
    ck_assert_double_eq(work.gathered_bytes, 0);
    // sgatlin, per token: C·K = 64 experts of an in-row and an out-row of 256 floats; router
    // 2·Dk·D + 4·C·n·Dk
    work = layer_counted(&sgatlin, 8);
    ck_assert_double_eq(work.gathered_bytes, 3.0 * 2048 * 64 * 2 * 256 * 4);
    ck_assert_double_eq(work.flops, 3.0 * 2048 * (2 * 128 * 256 + 4 * 8 * 32 * 128 + 4 * 64 * 256));
    ck_assert_double_eq(work.update_bytes, 0);
    // step: the layers and 2·D·V per token for the logits; AdamW moves 8 floats per parameter
    work = step_counted(&sgatlin, 8);
    ModelCost cost = model_cost(&sgatlin);
    ck_assert_double_eq(work.flops, 3 * 8 * (cost.layers.flops + 2.0 * 256 * 256 * 8192));
    ck_assert_double_eq(work.gathered_bytes, 4 * 3.0 * 2048 * 64 * 2 * 256 * 4);
    ck_assert_double_eq(work.update_bytes, 32 * cost.parameters);
    // generation: 4 bytes of every active parameter per token, and in each of 4 layers a key and a
    // value for 1 + 2 + … + 256 tokens
    work = generate_counted(&sgatlin);
    ck_assert_double_eq(work.flops, cost.flops_full);
    ck_assert_double_eq(work.read_bytes,
                        256 * 4 * cost.active_parameters + 4.0 * 2 * 256 * 4 * (256 * 257 / 2));
}
END_TEST

static double step_loss(StepSubject *step) {
    int64_t scored;
    return step->backend->loss(step->device, &scored, step->inputs, step->targets, 2);
}

// What is timed is the work itself: a step learns its tokens, a layer leaves gradients.
START_TEST(a_timed_step_trains)
{
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        Config config;
        Error error;
        const Preset *preset = preset_find("tiny", &error);
        ck_assert(preset != NULL && preset_config(&config, preset, ffn_kinds[i], &error));
        double seconds[BENCH_PARTS];
        StepSubject step;
        ck_assert_msg(step_subject_new(&step, &cpu_backend, &config, 2, &error), "%s", error.text);
        double before = step_loss(&step);
        for (int s = 0; s < 20; s++) step_subject_run(&step, seconds);
        ck_assert_double_lt(step_loss(&step), 0.9 * before);
        for (int phase = 0; phase < STEP_PHASES; phase++) ck_assert_double_gt(seconds[phase], 0);
        step_subject_free(&step);
    }
}
END_TEST

START_TEST(a_timed_generation_fills_the_window)
{
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        Config config;
        Error error;
        const Preset *preset = preset_find("tiny", &error);
        ck_assert(preset != NULL && preset_config(&config, preset, ffn_kinds[i], &error));
        double seconds[BENCH_PARTS] = { -1, 0, 0 };
        GenerateSubject generate;
        ck_assert_msg(generate_subject_new(&generate, &cpu_backend, &config, &error), "%s",
                      error.text);
        for (int run = 0; run < 2; run++) {
            generate_subject_run(&generate, seconds);
            ck_assert_double_gt(seconds[0], 0);
            ck_assert_int_eq(decoder_cached(generate.decoder), config.T);
        }
        generate_subject_free(&generate);
    }
}
END_TEST

START_TEST(a_timed_layer_leaves_gradients)
{
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        Config config;
        Error error;
        const Preset *preset = preset_find("tiny", &error);
        ck_assert(preset != NULL && preset_config(&config, preset, ffn_kinds[i], &error));
        double seconds[BENCH_PARTS] = { -1, -1, -1 };
        FfnLayer layer;
        ck_assert_msg(layer_subject_new(&layer, &config, 3, &error), "%s", error.text);
        layer_subject_run(&layer, seconds);
        double sum = 0;
        size_t rows = 3 * (size_t)config.T * (size_t)config.D;
        for (size_t r = 0; r < rows; r++) sum += fabs(layer.y[r]) + fabs(layer.dx[r]);
        ck_assert_msg(isfinite(sum) && sum > 0.01 * (double)rows, "%s: %g", config.ffn->name, sum);
        ffn_layer_free(&layer);
    }
}
END_TEST

// Every measured part of an output: its median, and NAME_min and NAME_max around it.
static const struct {
    const char *arguments, *whole, *parts[7]; // parts that add up to `whole`, or else alone
    double N, flops, gathered_bytes;          // counted by hand
} outputs[] = {
    // router 2·Dk·D + 4·C·n·Dk, experts 4·C·K·D per token, n = 5; a row of D floats in and out
    { "layer --ffn sgatlin --set D=24 F=25 C=3 K=2 Dk=5 B=2 T=7",
      "ms_both",
      { "ms_forward", "ms_backward" },
      14,
      3.0 * 14 * (2 * 5 * 24 + 4 * 3 * 5 * 5 + 4 * 3 * 2 * 24),
      3.0 * 14 * (3 * 2) * (2 * 24 * 4) },
    { "layer --ffn mlp --set N=9 D=5 F=3",
      "ms_both",
      { "ms_forward", "ms_backward" },
      9,
      3.0 * 9 * 4 * 5 * 3,
      0 },
    // 8·T·D·D + 4·T·T·D in attention, 6·T·D·F in glu, 2·T·D·V for the logits
    { "step --ffn glu --set D=16 Dh=8 L=2 V=50 T=8 B=2 F=12",
      "ms_step",
      { "ms_forward", "ms_backward", "ms_update" },
      16,
      3.0 * 2 * (2 * (8 * 8 * 16 * 16 + 4 * 8 * 8 * 16 + 6 * 8 * 16 * 12) + 2 * 8 * 16 * 50),
      0 },
    // forward alone: 4·T·D·F in mlp
    { "generate --ffn mlp --set D=16 Dh=8 L=2 V=50 T=8 F=12",
      "ms_generate",
      { "ms_generate" },
      8,
      2 * (8 * 8 * 16 * 16 + 4 * 8 * 8 * 16 + 4 * 8 * 16 * 12) + 2 * 8 * 16 * 50,
      0 },
    { "machine",
      NULL,
      { "matmul_gflops", "read_gbs", "copy_gbs", "gather_channel_gbs", "gather_layer_gbs",
        "gather_memory_gbs" },
      0,
      0,
      0 },
};

// The object that `sgatlin bench` prints, which must be one line.
static json_t *bench_json(const char *arguments) {
    char command[1024], line[4096], more[2];
    snprintf(
        command, sizeof command,
        "\"${SGATLIN:-build/sgatlin}\" bench %s --threads 2 --repetitions 3 --json 2>/dev/null",
        arguments);
    FILE *output = popen(command, "r");
    ck_assert_ptr_nonnull(output);
    ck_assert_msg(fgets(line, sizeof line, output) != NULL && strchr(line, '\n') != NULL,
                  "%s: no output", command);
    ck_assert_msg(fgets(more, sizeof more, output) == NULL, "%s: more than one line", command);
    ck_assert_int_eq(pclose(output), 0);
    Error error;
    json_t *object = json_parse(line, strlen(line), "output", &error);
    ck_assert_msg(object != NULL, "%s: %s", command, error.text);
    return object;
}

static double number(const json_t *object, const char *name, const char *suffix) {
    char key[64];
    snprintf(key, sizeof key, "%s%s", name, suffix);
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_number(value), "%s is missing", key);
    return json_number_value(value);
}

static void expect_spread(const json_t *object, const char *name) {
    double least = number(object, name, "_min"), most = number(object, name, "_max"),
           median = number(object, name, "");
    ck_assert_msg(0 < least && least <= median && median <= most, "%s: %g (%g to %g)", name, median,
                  least, most);
}

// Both numbers are printed with six digits.
static void expect_near(const char *name, double actual, double expected) {
    ck_assert_msg(fabs(actual - expected) <= 2e-5 * fabs(expected), "%s: %.8g, expected %.8g", name,
                  actual, expected);
}

START_TEST(json_has_the_formulas_values)
{
    json_t *object = bench_json(outputs[_i].arguments);
    const char *const *parts = outputs[_i].parts, *whole = outputs[_i].whole;
    for (int i = 0; parts[i] != NULL; i++) expect_spread(object, parts[i]);
    if (whole != NULL) {
        double least = 0, most = 0, seconds = 1e-3 * number(object, whole, "");
        expect_spread(object, whole);
        for (int i = 0; parts[i] != NULL; i++) least += number(object, parts[i], "_min");
        for (int i = 0; parts[i] != NULL; i++) most += number(object, parts[i], "_max");
        ck_assert_double_ge(number(object, whole, "_min"), (1 - 1e-5) * least);
        ck_assert_double_le(number(object, whole, "_max"), (1 + 1e-5) * most);
        ck_assert_double_eq(number(object, "N", ""), outputs[_i].N);
        ck_assert_double_eq(number(object, "flops", ""), outputs[_i].flops);
        ck_assert_double_eq(number(object, "gathered_bytes", ""), outputs[_i].gathered_bytes);
        expect_near("tokens_per_s", number(object, "tokens_per_s", ""), outputs[_i].N / seconds);
        expect_near("gflops", number(object, "gflops", ""), 1e-9 * outputs[_i].flops / seconds);
    }
    ck_assert_double_eq(number(object, "repetitions", ""), 3);
    ck_assert_double_le(number(object, "threads", ""), 2);
    ck_assert(json_is_string(json_object_get(object, "blas")) &&
              json_is_string(json_object_get(object, "core")));
    json_decref(object);
}
END_TEST

// The tables of the paper's TinyStories model: 1024 rows of 256 floats in each of 8 channels.
START_TEST(ceilings_name_their_tables)
{
    json_t *object = bench_json("machine");
    ck_assert_double_eq(number(object, "gather_channel_gbs_table_bytes", ""), 4.0 * 1024 * 256);
    ck_assert_double_eq(number(object, "gather_layer_gbs_table_bytes", ""), 4.0 * 8 * 1024 * 256);
    ck_assert_double_eq(number(object, "gather_memory_gbs_table_bytes", ""), 256 << 20);
    json_decref(object);
}
END_TEST

// The circuits that are searched have 8 different neurons in each channel, and those of a word have
// neighbours at hand.
START_TEST(a_timed_search_finds_circuits_of_the_same_word)
{
    NeighboursSubject subject;
    Error error;
    double seconds[BENCH_PARTS];
    ck_assert_msg(neighbours_subject_new(&subject, 3000, 30, &error), "%s", error.text);
    const Circuits *circuits = &subject.circuits;
    for (int i = 0; i < circuits->N * circuits->K; i++) {
        int first = i / CIRCUIT_ACTIVE * CIRCUIT_ACTIVE, channel = i % circuits->K / CIRCUIT_ACTIVE;
        ck_assert_int_eq(circuits->index[i] / CIRCUIT_NEURONS, channel);
        for (int j = first; j < i; j++) ck_assert_int_ne(circuits->index[j], circuits->index[i]);
    }
    neighbours_subject_run(&subject, seconds);
    ck_assert(!subject.failed && seconds[NEIGHBOURS_INDEX] > 0 && seconds[NEIGHBOURS_SEARCH] > 0);
    int near = 0;
    for (int q = 0; q < 30; q++) {
        ck_assert_int_ne(subject.nearest[15 * q].circuit, q);
        near += subject.nearest[15 * q].distance < 0.7f; // at random about 0.99
    }
    ck_assert_int_gt(near, 20);
    neighbours_subject_free(&subject);
    MapSubject map = { .N = 100 };
    map_subject_run(&map, seconds);
    ck_assert(!map.failed && seconds[0] > 0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { median_min_and_max },
        { benches_are_interleaved },
        { a_bench_alone_needs_no_extra_run },
        { work_is_counted },
        { a_timed_search_finds_circuits_of_the_same_word },
        { a_timed_step_trains },
        { a_timed_generation_fills_the_window },
        { a_timed_layer_leaves_gradients },
        { json_has_the_formulas_values, COUNT_OF(outputs) },
        { ceilings_name_their_tables },
    };
    return run_tests("bench", tests, COUNT_OF(tests));
}
