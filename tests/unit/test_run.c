// A run with an observer: what is reported to it, in which order; stopped at every call of stop;
// how it ends.
#include "reference/io/files.h"
#include "reference/numbers/parallel.h"
#include "reference/train/log_read.h"
#include "reference/train/run.h"
#include "tests/harness/run_fixture.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { VOCABULARY = FIXTURE_VOCABULARY, STEPS = FIXTURE_STEPS };

static const Baselines baselines = { .unigram = 5.5, .trigram = 5.25, .counted = 77 };

// ---- an observer

typedef struct {
    char diary[1024], warning[300]; // the last one
    int asked, stop_at;             // stop_at: the question that is answered with yes, -1: none
    double loss, valid_loss, final_loss;
} Watch;

__attribute__((format(printf, 2, 3))) static void note(Watch *watch, const char *format, ...) {
    size_t used = strlen(watch->diary);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(watch->diary + used, sizeof watch->diary - used, format, arguments);
    va_end(arguments);
}

static void on_step(void *context, const Trainer *trainer, const StepResult *result) {
    ck_assert(isfinite(result->loss) && result->tokens == 16);
    note(context, "step %d, ", (int)trainer->step);
}

static void on_evaluated(void *context, const Trainer *trainer, const Evaluation *evaluation,
                         bool whole_file) {
    Watch *watch = context;
    note(watch, "%s %d, ", whole_file ? "whole" : "evaluated", (int)trainer->step);
    if (whole_file) {
        watch->final_loss = evaluation_loss(evaluation);
        ck_assert_int_eq(evaluation->scored, (int64_t)trainer->corpus.valid.tokens);
    }
}

static void on_logged(void *context, const Trainer *trainer, const RunLine *line) {
    Watch *watch = context;
    note(watch, "logged %d%s%s, ", (int)trainer->step, isnan(line->loss) ? "" : " loss",
         isnan(line->valid_loss) ? "" : " valid");
    ck_assert(isnan(line->loss) || (line->usage > 0 && line->tokens_per_second > 0));
    if (!isnan(line->loss)) watch->loss = line->loss;
    if (!isnan(line->valid_loss)) watch->valid_loss = line->valid_loss;
}

static void on_saved(void *context, const Trainer *trainer, const char *checkpoint) {
    ck_assert(path_is_folder(checkpoint));
    note(context, "saved %d %s, ", (int)trainer->step, strrchr(checkpoint, '/') + 1);
}

static void on_warned(void *context, const char *message) {
    Watch *watch = context;
    snprintf(watch->warning, sizeof watch->warning, "%s", message);
    note(context, "warned, ");
}

static bool on_stop(void *context) {
    Watch *watch = context;
    return watch->asked++ == watch->stop_at;
}

static RunObserver observer_of(Watch *watch) {
    return (RunObserver){ on_step, on_evaluated, on_logged, on_saved, on_warned, on_stop, watch };
}

static RunEnd run_log(Trainer *trainer, RunLog *log, RunFixture *f, const RunObserver *observer,
                      Error *error) {
    ck_assert_msg(run_open_log(log, f->run, trainer, &baselines, error), "%s", error->text);
    RunEnd end = run_train(trainer, f->run, log, observer, error);
    log_close(log);
    return end;
}

static RunEnd start(RunFixture *f, const Backend *backend, const RunObserver *observer,
                    Error *error) {
    Trainer trainer;
    RunLog log = LOG_CLOSED;
    ck_assert_msg(trainer_new(&trainer, backend, f->data, &f->config, &f->settings, error), "%s",
                  error->text);
    RunEnd end = run_log(&trainer, &log, f, observer, error);
    trainer_free(&trainer);
    return end;
}

static RunEnd resume(RunFixture *f, const RunObserver *observer, Error *error) {
    Trainer trainer;
    RunLog log = LOG_CLOSED;
    ck_assert_msg(run_resume(&trainer, &log, &cpu_backend, f->run, NULL, error), "%s", error->text);
    RunEnd end = run_log(&trainer, &log, f, observer, error);
    trainer_free(&trainer);
    return end;
}

// ---- in order

START_TEST(an_observer_is_called_in_order)
{
    RunFixture f;
    run_fixture_new(&f);
    Error error = { "" };
    Watch watch = { .stop_at = -1 };
    RunObserver observer = observer_of(&watch);
    ck_assert_msg(start(&f, &cpu_backend, &observer, &error) == RUN_FINISHED, "%s", error.text);
    ck_assert_str_eq(watch.diary,
                     "saved 0 step-000000, evaluated 0, logged 0 valid, step 1, step 2, logged 2 "
                     "loss, step 3, evaluated 3, logged 3 loss valid, step 4, logged 4 loss, "
                     "saved 4 step-000004, step 5, step 6, logged 6 loss, saved 6 step-000006, "
                     "whole 6, ");
    LogResult result;
    f.config.V = VOCABULARY; // as the data has it
    ck_assert_msg(log_result(&result, f.run, &f.config, &f.settings, &error), "%s", error.text);
    ck_assert(result.final && result.steps == STEPS && result.tokens == STEPS * 16);
    ck_assert_double_eq_tol(result.valid_loss, watch.final_loss, 1e-8);
    LogLosses losses;
    ck_assert_msg(log_losses(&losses, f.run, &error), "%s", error.text);
    ck_assert_int_eq(losses.count, 3);
    ck_assert_double_eq_tol(losses.items[1].loss, watch.valid_loss, 1e-8);
    ck_assert_double_eq_tol(losses.items[2].loss, watch.final_loss, 1e-8);
    free(losses.items);
    ck_assert(path_exists(scratch_path(&f.scratch, "run/loss.png")));
    run_fixture_free(&f);
}
END_TEST

START_TEST(an_observer_may_be_empty)
{
    RunFixture f;
    run_fixture_new(&f);
    Error error = { "" };
    const RunObserver nothing = { 0 };
    ck_assert_msg(start(&f, &cpu_backend, &nothing, &error) == RUN_FINISHED, "%s", error.text);
    run_fixture_free(&f);
}
END_TEST

// ---- stopped

static const char *const files[] = { "model.safetensors", "optimizer.safetensors", "state.json" };

// The files of the last checkpoint are the same bytes.
static void expect_same(const char *whole, const char *stopped) {
    for (int i = 0; i < 3; i++) {
        char paths[2][400];
        MappedFile file[2];
        Error error = { "" };
        snprintf(paths[0], sizeof paths[0], "%s/step-000006/%s", whole, files[i]);
        snprintf(paths[1], sizeof paths[1], "%s/step-000006/%s", stopped, files[i]);
        for (int j = 0; j < 2; j++)
            ck_assert_msg(file_map(&file[j], paths[j], &error), "%s", error.text);
        ck_assert_uint_eq(file[0].size, file[1].size);
        ck_assert_msg(memcmp(file[0].bytes, file[1].bytes, file[0].size) == 0, "%s differs",
                      paths[1]);
        for (int j = 0; j < 2; j++) file_unmap(&file[j]);
    }
}

// At every question once. What was stopped resumes, is stopped at the same question again, resumes
// to the end, and has the bytes of the unbroken run.
START_TEST(a_run_stops_at_every_question_and_resumes)
{
    RunFixture f;
    run_fixture_new(&f);
    char whole[300];
    Error error = { "" };
    Watch watch = { .stop_at = -1 };
    RunObserver observer = observer_of(&watch);
    ck_assert(start(&f, &cpu_backend, &observer, &error) == RUN_FINISHED);
    int questions = watch.asked;
    ck_assert_int_ge(questions, STEPS + 4); // steps, two short evaluations and the whole file
    strcpy(whole, f.run);
    for (int at = 0; at < questions; at++) {
        snprintf(f.run, sizeof f.run, "%s/stopped-%d", f.scratch.path, at);
        watch = (Watch){ .stop_at = at };
        ck_assert_msg(start(&f, &cpu_backend, &observer, &error) == RUN_STOPPED, "question %d: %s",
                      at, error.text);
        ck_assert_int_eq(watch.asked, at + 1); // it is not asked again
        ck_assert_ptr_null(strstr(watch.diary, "whole"));
        watch = (Watch){ .stop_at = at };
        RunEnd end = resume(&f, &observer, &error);
        ck_assert(end == RUN_STOPPED || end == RUN_FINISHED);
        watch = (Watch){ .stop_at = -1 };
        if (end == RUN_STOPPED) ck_assert(resume(&f, &observer, &error) == RUN_FINISHED);
        expect_same(whole, f.run);
    }
    run_fixture_free(&f);
}
END_TEST

// ---- diverged and failed

START_TEST(a_step_that_is_not_finite_ends_the_run)
{
    RunFixture f;
    run_fixture_new(&f);
    f.settings.peak = 1e30;
    f.settings.clip = 0;
    Error error = { "" };
    Watch watch = { .stop_at = -1 };
    RunObserver observer = observer_of(&watch);
    ck_assert(start(&f, &cpu_backend, &observer, &error) == RUN_DIVERGED);
    ck_assert_msg(strstr(error.text, "not finite") != NULL, "%s", error.text);
    ck_assert_msg(strncmp(error.text, "step ", 5) == 0, "%s", error.text);
    ck_assert(path_is_folder(scratch_path(&f.scratch, "run/step-000000")));
    LogResult result;
    f.config.V = VOCABULARY;
    ck_assert_msg(log_result(&result, f.run, &f.config, &f.settings, &error), "%s", error.text);
    ck_assert(result.diverged && !result.final);
    run_fixture_free(&f);
}
END_TEST

static double nan_loss(Device *device, int64_t *scored, const int32_t *inputs,
                       const int32_t *targets, int rows) {
    cpu_backend.loss(device, scored, inputs, targets, rows);
    return NAN;
}

START_TEST(a_validation_loss_that_is_not_finite_ends_the_run)
{
    RunFixture f;
    run_fixture_new(&f);
    Backend backend = cpu_backend;
    backend.loss = nan_loss;
    Error error = { "" };
    Watch watch = { .stop_at = -1 };
    RunObserver observer = observer_of(&watch);
    ck_assert(start(&f, &backend, &observer, &error) == RUN_DIVERGED);
    ck_assert_msg(strstr(error.text, "step 0: the validation loss") != NULL, "%s", error.text);
    ck_assert_str_eq(watch.diary, "saved 0 step-000000, ");
    run_fixture_free(&f);
}
END_TEST

START_TEST(a_checkpoint_that_cannot_be_written_ends_the_run)
{
    RunFixture f;
    run_fixture_new(&f);
    Error error = { "" };
    Watch watch = { .stop_at = -1 };
    RunObserver observer = observer_of(&watch);
    ck_assert(folder_make(scratch_path(&f.scratch, "run/step-000004"), &error)); // in its way
    ck_assert(start(&f, &cpu_backend, &observer, &error) == RUN_FAILED);
    ck_assert_msg(strstr(error.text, "step 4 was not saved") != NULL, "%s", error.text);
    ck_assert_msg(strstr(error.text, "that of step 0") != NULL, "%s", error.text);
    run_fixture_free(&f);
}
END_TEST

START_TEST(an_old_checkpoint_that_cannot_be_removed_is_a_warning)
{
    RunFixture f;
    run_fixture_new(&f);
    Error error = { "" };
    Watch watch = { .stop_at = -1 };
    RunObserver observer = observer_of(&watch);
    ck_assert(folder_make(f.run, &error));
    const char *file = scratch_path(&f.scratch, "run/.removed"); // in the way of a removal
    FILE *out = fopen(file, "wb");
    ck_assert(out != NULL && fclose(out) == 0);
    ck_assert_msg(start(&f, &cpu_backend, &observer, &error) == RUN_FINISHED, "%s", error.text);
    ck_assert_msg(strstr(watch.diary, "warned, ") != NULL, "%s", watch.diary);
    ck_assert_msg(strstr(watch.warning, ".removed") != NULL, "%s", watch.warning);
    ck_assert(path_exists(scratch_path(&f.scratch, "run/step-000006/model.safetensors")));
    run_fixture_free(&f);
}
END_TEST

static const Model *cannot_read(Device *device, const float **moments, Error *error) {
    (void)device;
    (void)moments;
    snprintf(error->text, sizeof error->text, "the device is gone");
    return NULL;
}

START_TEST(a_run_that_cannot_begin_leaves_nothing)
{
    RunFixture f;
    run_fixture_new(&f);
    Backend backend = cpu_backend;
    backend.read = cannot_read;
    Error error = { "" };
    const RunObserver nothing = { 0 };
    ck_assert(start(&f, &backend, &nothing, &error) == RUN_FAILED);
    ck_assert_msg(strstr(error.text, "the device is gone; nothing was trained") != NULL, "%s",
                  error.text);
    ck_assert(!path_exists(f.run));
    run_fixture_free(&f);
}
END_TEST

// A picture that cannot be written is a warning: the run goes on, ends and can be resumed.
START_TEST(a_run_survives_its_picture)
{
    RunFixture f;
    run_fixture_new(&f);
    Watch watch = { .stop_at = -1 };
    const RunObserver observer = observer_of(&watch);
    Error error = { "" };
    ck_assert(folder_make(scratch_path(&f.scratch, "run/loss.png"), &error));
    ck_assert_msg(start(&f, &cpu_backend, &observer, &error) == RUN_FINISHED, "%s", error.text);
    ck_assert_msg(strstr(watch.diary, "warned, ") != NULL, "%s", watch.diary);
    ck_assert_msg(strstr(watch.warning, "loss.png") != NULL, "%s", watch.warning);
    ck_assert(watch.final_loss > 0);
    ck_assert(path_exists(scratch_path(&f.scratch, "run/step-000006/model.safetensors")));
    ck_assert(resume(&f, &observer, &error) == RUN_FINISHED);
    run_fixture_free(&f);
}
END_TEST

// ---- the log's header

START_TEST(the_header_says_what_the_run_is)
{
    RunFixture f;
    run_fixture_new(&f);
    Error error = { "" };
    const RunObserver nothing = { 0 };
    ck_assert(start(&f, &cpu_backend, &nothing, &error) == RUN_FINISHED);
    LogLines lines;
    ck_assert(log_lines_read(&lines, scratch_path(&f.scratch, "run/log.jsonl"), STEPS, &error));
    const json_t *model = json_object_get(lines.header, "model"),
                 *losses = json_object_get(lines.header, "baselines");
    ck_assert_int_eq(json_integer_value(json_object_get(model, "V")), VOCABULARY);
    ck_assert_int_eq(json_integer_value(json_object_get(model, "K")), 2);
    ck_assert_double_eq(json_real_value(json_object_get(losses, "trigram")), 5.25);
    ck_assert_int_eq(json_integer_value(json_object_get(losses, "counted")), 77);
    log_lines_free(&lines);
    Trainer trainer;
    RunLog log = LOG_CLOSED;
    ck_assert(!run_resume(&trainer, &log, &cpu_backend, f.data, NULL, &error));
    ck_assert_msg(strstr(error.text, f.data) != NULL, "%s", error.text);
    const char *checkpoint = scratch_path(&f.scratch, "run/step-000006");
    ck_assert(!run_resume(&trainer, &log, &cpu_backend, checkpoint, NULL, &error));
    ck_assert_int_eq(log.lock, -1);
    ck_assert_msg(strstr(error.text, "is a checkpoint") != NULL, "%s", error.text);
    run_fixture_free(&f);
}
END_TEST

int main(void) {
    parallel_set_threads(1);
    const TestRow tests[] = {
        { an_observer_is_called_in_order },
        { an_observer_may_be_empty },
        { a_run_stops_at_every_question_and_resumes },
        { a_step_that_is_not_finite_ends_the_run },
        { a_validation_loss_that_is_not_finite_ends_the_run },
        { a_checkpoint_that_cannot_be_written_ends_the_run },
        { an_old_checkpoint_that_cannot_be_removed_is_a_warning },
        { a_run_that_cannot_begin_leaves_nothing },
        { a_run_survives_its_picture },
        { the_header_says_what_the_run_is },
    };
    return run_tests("run", tests, COUNT_OF(tests));
}
