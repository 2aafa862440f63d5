// log.jsonl: written, cut back when a run resumes, and read.
#include "reference/config/config_json.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/train/log.h"
#include "reference/train/log_read.h"
#include "reference/train/loss_picture.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static Error error;

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static int count_lines(const char *path) {
    MappedFile file;
    int lines = 0;
    ck_assert_msg(file_map(&file, path, &error), "%s", error.text);
    for (size_t i = 0; i < file.size; i++) lines += file.bytes[i] == '\n';
    file_unmap(&file);
    return lines;
}

// ---- writing

START_TEST(a_log_is_cut_back_to_the_step_resumed_from)
{
    Scratch scratch = scratch_new("log");
    RunLog log = LOG_CLOSED;
    ck_assert_msg(log_create(&log, scratch.path, json_pack("{s:s}", "what", "a run"), &error), "%s",
                  error.text);
    for (int step = 1; step <= 5; step++) {
        ck_assert(log_write(&log,
                            json_pack("{s:i,s:f,s:f,s:i}", "step", step, "loss", 6.0 - step,
                                      "seconds", 0.5 * step, "tokens", 10 * step),
                            &error));
    }
    ck_assert(!log_write(&log, NULL, &error));
    fputs("{\"step\":6,\"lo", log.file); // the process dies here
    log_close(&log);
    ck_assert_msg(log_resume(&log, scratch.path, 3, &error), "%s", error.text);
    ck_assert_double_eq(log.seconds, 1.5);
    ck_assert_int_eq(log.tokens, 30);
    ck_assert(!log.final);
    ck_assert_str_eq(json_string_value(json_object_get(log.header, "what")), "a run");
    ck_assert(log_write(&log, json_pack("{s:i,s:f}", "step", 4, "final_valid_loss", 1.5), &error));
    log_close(&log);
    ck_assert_msg(log_resume(&log, scratch.path, 4, &error), "%s", error.text);
    ck_assert(log.final);
    log_close(&log);
    // the header, steps 1 to 3, and the final line
    ck_assert_int_eq(count_lines(scratch_path(&scratch, "log.jsonl")), 5);
    ck_assert_msg(loss_picture_write(scratch.path, &error), "%s", error.text);
    write_text(scratch_path(&scratch, "log.jsonl"), "{");
    ck_assert(!log_resume(&log, scratch.path, 4, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "log.jsonl"));
    scratch_remove(&scratch);
}
END_TEST

// A header that cannot be written (here a number that JSON does not have) leaves no file.
START_TEST(a_log_appears_with_its_header)
{
    Scratch scratch = scratch_new("log");
    RunLog log = LOG_CLOSED;
    json_t *header = json_object();
    json_add(&header, "loss", json_real(NAN));
    ck_assert(!log_create(&log, scratch.path, header, &error));
    ck_assert(!path_exists(scratch_path(&scratch, "log.jsonl")));
    ck_assert_int_eq(log.lock, -1);
    ck_assert_msg(log_create(&log, scratch.path, json_pack("{s:i}", "a", 1), &error), "%s",
                  error.text);
    log_close(&log);
    ck_assert(!log_create(&log, scratch.path, json_pack("{s:i}", "a", 2), &error));
    ck_assert_int_eq(count_lines(scratch_path(&scratch, "log.jsonl")), 1);
    scratch_remove(&scratch);
}
END_TEST

// ---- reading

// A run of 10 steps, evaluated at the fifth. The header's model has numbers or, as older logs,
// strings.
static const char *const lines =
    "{\"step\":0,\"valid_loss\":6.5,\"seconds\":0.5}\n"
    "{\"step\":5,\"loss\":5.5,\"valid_loss\":5.0,\"tokens\":50,\"step_seconds\":2.0,\"seconds\":3."
    "0}\n"
    "{\"step\":10,\"loss\":4.5,\"tokens\":100,\"step_seconds\":4.0,\"seconds\":6.0}\n"
    "{\"step\":10,\"final_valid_loss\":4.25,\"valid_tokens\":77,\"seconds\":7.0}\n";

static Config model(void) {
    Config config = config_default(ffn_find("mlp"));
    config.V = 300;
    config.T = 32;
    config.D = 16;
    config.L = config.Dh = 2;
    config.F = 24;
    return config;
}

static TrainSettings run_settings(void) {
    TrainSettings settings = settings_default();
    settings.steps = 10;
    settings.peak = 1.0 / 3; // more digits than a log has
    ck_assert(settings_finish(&settings, 1, &error));
    return settings;
}

static void write_run(Scratch *scratch, const char *model_text, const char *after) {
    TrainSettings settings = run_settings();
    json_t *settings_json = settings_to_json(&settings);
    char *text = json_dumps(settings_json, JSON_COMPACT | JSON_REAL_PRECISION(LOG_PRECISION));
    FILE *file = fopen(scratch_path(scratch, "log.jsonl"), "wb");
    ck_assert(file != NULL && text != NULL);
    fprintf(file, "{\"settings\":%s,\"model\":%s,\"flops_per_step\":1000}\n%s", text, model_text,
            after);
    ck_assert_int_eq(fclose(file), 0);
    free(text);
    json_decref(settings_json);
}

static const char *const models[] = {
    "{\"ffn\":\"mlp\",\"V\":300,\"T\":32,\"D\":16,\"L\":2,\"Dh\":2,\"F\":24}",
    "{\"ffn\":\"mlp\",\"V\":\"300\",\"T\":\"32\",\"D\":\"16\",\"L\":\"2\",\"Dh\":\"2\",\"F\":"
    "\"24\"}",
};

START_TEST(a_result_is_that_of_the_last_lines)
{
    Scratch scratch = scratch_new("log");
    Config config = model();
    TrainSettings settings = run_settings();
    LogResult result;
    write_run(&scratch, models[_i], lines);
    ck_assert_msg(log_result(&result, scratch.path, &config, &settings, &error), "%s", error.text);
    ck_assert(result.final && !result.diverged);
    ck_assert_int_eq(result.steps, 10);
    ck_assert_int_eq(result.tokens, 100);
    ck_assert_int_eq(result.valid_tokens, 77);
    ck_assert_double_eq(result.step_seconds, 4.0);
    ck_assert_double_eq(result.valid_loss, 4.25);
    write_run(&scratch, models[_i], "{\"step\":3,\"diverged\":true,\"seconds\":1.5}\n");
    ck_assert(log_result(&result, scratch.path, &config, &settings, &error));
    ck_assert(!result.final && result.diverged);
    ck_assert_int_eq(result.steps, 3);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(a_result_of_another_run_is_refused)
{
    Scratch scratch = scratch_new("log");
    Config config = model();
    TrainSettings settings = run_settings();
    LogResult result;
    write_run(&scratch, models[_i], lines);
    config.F = 25;
    ck_assert(!log_result(&result, scratch.path, &config, &settings, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "another model"));
    config = model();
    settings.peak = 0.3;
    ck_assert(!log_result(&result, scratch.path, &config, &settings, &error));
    write_text(scratch_path(&scratch, "log.jsonl"), "[]\n");
    ck_assert(!log_result(&result, scratch.path, &config, &settings, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "log.jsonl"));
    scratch_remove(&scratch);
}
END_TEST

START_TEST(losses_have_steps_flops_and_seconds)
{
    Scratch scratch = scratch_new("log");
    LogLosses losses;
    write_run(&scratch, models[0], lines);
    ck_assert_msg(log_losses(&losses, scratch.path, &error), "%s", error.text);
    ck_assert_int_eq(losses.count, 3);
    const LogLoss expected[] = {
        { .step = 0, .loss = 6.5 },
        { .step = 5, .loss = 5.0, .flops = 5000, .seconds = 2.0 },
        { .step = 10, .loss = 4.25, .flops = 10000, .seconds = 4.0 },
    };
    for (int i = 0; i < 3; i++) {
        const LogLoss *loss = &losses.items[i];
        ck_assert_double_eq(loss->step, expected[i].step);
        ck_assert_double_eq(loss->loss, expected[i].loss);
        ck_assert_double_eq(loss->flops, expected[i].flops);
        ck_assert_double_eq(loss->seconds, expected[i].seconds);
    }
    free(losses.items);
    scratch_remove(&scratch);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_log_is_cut_back_to_the_step_resumed_from }, { a_log_appears_with_its_header },
        { a_result_is_that_of_the_last_lines, 2 },      { a_result_of_another_run_is_refused, 2 },
        { losses_have_steps_flops_and_seconds },
    };
    return run_tests("log", tests, COUNT_OF(tests));
}
