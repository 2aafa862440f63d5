// Training in a thread of its own: pause, step, stop, how it ends, and what is shown of it.
#include "reference/io/files.h"
#include "reference/numbers/parallel.h"
#include "tests/harness/run_fixture.h"
#include "tests/harness/suite.h"
#include "visualizer/teller.h"
#include <check.h>
#include <math.h>
#include <string.h>
#include <time.h>

static const Baselines baselines = { .unigram = 5.5, .trigram = 5.25, .counted = 77 };

typedef struct {
    RunFixture files;
    Trainer trainer;
    RunLog log;
    Scene scene;
    Error error;
} Fixture;

// `steps` many, of which the log has a line at the end.
static void setup(Fixture *f, int steps) {
    memset(f, 0, sizeof *f);
    f->log = LOG_CLOSED;
    run_fixture_new(&f->files);
    TrainSettings *settings = &f->files.settings;
    settings->steps = settings->log_every = settings->eval_every = steps;
    settings->checkpoint_every = steps;
    settings->warmup = settings->constant = settings->decay = SETTING_AUTO;
    ck_assert_msg(settings_finish(settings, 1, &f->error), "%s", f->error.text);
}

static Training *start(Fixture *f) {
    RunFixture *files = &f->files;
    ck_assert_msg(trainer_new(&f->trainer, &cpu_backend, files->data, &files->config,
                              &files->settings, &f->error),
                  "%s", f->error.text);
    ck_assert_msg(run_open_log(&f->log, files->run, &f->trainer, &baselines, &f->error), "%s",
                  f->error.text);
    const Config *config = &f->trainer.config;
    const SceneModel model = { .config = *config,
                               .sparse = true,
                               .neurons = true,
                               .L = config->L,
                               .C = config->C,
                               .K = config->K,
                               .F = config->F };
    scene_set_model(&f->scene, &model);
    Training *training = training_start(&f->trainer, &f->log, files->run, &f->error);
    ck_assert_msg(training != NULL, "%s", f->error.text);
    return training;
}

static void teardown(Fixture *f) {
    scene_free(&f->scene);
    run_fixture_free(&f->files);
}

static void sleep_a_little(void) { nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); }

// Waits until the scene shows this step.
static void await_step(Fixture *f, Training *training, int64_t step) {
    for (int i = 0; i < 60000 && f->scene.training.step < step; i++) {
        training_show(training, &f->scene);
        sleep_a_little();
    }
    ck_assert_int_ge(f->scene.training.step, step);
}

static void await_end(Training *training) {
    for (int i = 0; i < 60000 && !training_ended(training); i++) sleep_a_little();
    ck_assert(training_ended(training));
}

// In each channel K neurons are active per token, so the shares add up to K.
static void check_fired(const Scene *scene) {
    const SceneModel *model = &scene->model;
    ck_assert_ptr_nonnull(scene->training.fired);
    for (int pool = 0; pool < model->L * model->C; pool++) {
        double sum = 0;
        for (int f = 0; f < model->F; f++) {
            float share = scene->training.fired[pool * model->F + f];
            ck_assert(share >= 0 && share <= 1);
            sum += (double)share;
        }
        ck_assert_double_eq_tol(sum, model->K, 1e-5);
    }
}

START_TEST(training_runs_to_its_end)
{
    Fixture f;
    setup(&f, FIXTURE_STEPS);
    Training *training = start(&f);
    await_end(training);
    ck_assert(training_show(training, &f.scene));
    ck_assert_int_eq(f.scene.training.mode, TRAINING);
    ck_assert_int_eq(f.scene.training.step, FIXTURE_STEPS);
    ck_assert(!f.scene.training.running);
    ck_assert_str_eq(f.scene.note, "");
    check_fired(&f.scene);
    uint64_t version = f.scene.version.training;
    ck_assert(!training_show(training, &f.scene)); // nothing is new
    ck_assert_uint_eq(f.scene.version.training, version);
    f.scene.training.running = true; // as its log says until its last line is read
    ck_assert(training_show(training, &f.scene) && !f.scene.training.running);
    ck_assert_msg(training_stop(training, &f.error), "%s", f.error.text);
    const char *last = scratch_path(&f.files.scratch, "run/step-000006/model.safetensors");
    ck_assert(path_exists(last));
    teardown(&f);
}
END_TEST

// Paused before its first step, it takes each when it is asked to.
START_TEST(a_paused_training_takes_steps)
{
    Fixture f;
    setup(&f, 100000);
    Training *training = start(&f);
    training_pause(training, true);
    training_step(training); // whether or not it was just in one
    await_step(&f, training, 1);
    for (int i = 0; i < 30; i++) { // the step that it was in at the pause may still be to come
        sleep_a_little();
        training_show(training, &f.scene);
    }
    int64_t step = f.scene.training.step;
    ck_assert(!f.scene.training.running);
    for (int i = 0; i < 3; i++) {
        training_step(training);
        await_step(&f, training, ++step);
        for (int wait = 0; wait < 20; wait++) sleep_a_little();
        training_show(training, &f.scene);
        ck_assert_int_eq(f.scene.training.step, step);
        check_fired(&f.scene);
    }
    training_pause(training, false);
    await_step(&f, training, step + 20);
    ck_assert(f.scene.training.running);
    ck_assert_msg(training_stop(training, &f.error), "%s", f.error.text);
    teardown(&f);
}
END_TEST

// With a checkpoint of the step it was in, from which the run resumes; paused or not.
START_TEST(a_stopped_training_is_saved)
{
    Fixture f;
    setup(&f, 100000);
    Training *training = start(&f);
    await_step(&f, training, 3);
    if (_i == 1) training_pause(training, true);
    ck_assert_msg(training_stop(training, &f.error), "%s", f.error.text);
    Trainer trainer;
    RunLog log = LOG_CLOSED;
    ck_assert_msg(run_resume(&trainer, &log, &cpu_backend, f.files.run, NULL, &f.error), "%s",
                  f.error.text);
    ck_assert_int_ge(trainer.step, 3);
    log_close(&log);
    trainer_free(&trainer);
    teardown(&f);
}
END_TEST

START_TEST(a_training_that_diverges_says_so)
{
    Fixture f;
    setup(&f, FIXTURE_STEPS);
    f.files.settings.peak = 1e30;
    f.files.settings.clip = 0;
    Training *training = start(&f);
    await_end(training);
    ck_assert(training_show(training, &f.scene));
    ck_assert(!f.scene.training.running);
    ck_assert_msg(strstr(f.scene.note, "not finite") != NULL, "%s", f.scene.note);
    ck_assert(!training_stop(training, &f.error));
    ck_assert_msg(strstr(f.error.text, "not finite") != NULL, "%s", f.error.text);
    teardown(&f);
}
END_TEST

// A scene of another model takes no counts.
START_TEST(another_model_shows_no_counts)
{
    Fixture f;
    setup(&f, FIXTURE_STEPS);
    Training *training = start(&f);
    SceneModel other = f.scene.model;
    other.F++;
    scene_set_model(&f.scene, &other);
    await_end(training);
    ck_assert(training_show(training, &f.scene));
    ck_assert_ptr_null(f.scene.training.fired);
    ck_assert(training_stop(training, &f.error));
    ck_assert(training_stop(NULL, &f.error));
    teardown(&f);
}
END_TEST

// What the window does: a teller follows the run while it trains, in another thread.
START_TEST(a_training_is_watched)
{
    Fixture f;
    setup(&f, 100000);
    f.files.settings.checkpoint_every = f.files.settings.log_every = 5;
    f.files.settings.eval_every = 20;
    Training *training = start(&f);
    await_step(&f, training, 1);
    const TellerOptions options = { .checkpoint = f.files.run,
                                    .watch = true,
                                    .training = training,
                                    .prompt = "the",
                                    .temperature = 1,
                                    .speed = 10 };
    Teller *teller = teller_new(&options, &f.error);
    ck_assert_msg(teller != NULL, "%s", f.error.text);
    const Scene *scene = teller_scene(teller);
    const RequestList none = { .count = 0 };
    uint64_t first = scene->version.model;
    bool changed;
    for (double now = 0; now < 10 || scene->version.model < first + 2; now += 0.05) {
        ck_assert_double_lt(now, 10000);
        for (double due = now; due <= now;) due = teller_advance(teller, now, &none, &changed);
        ck_assert_str_eq(scene->note, "");
    }
    ck_assert(scene->training.mode == TRAINING && scene->training.train_count > 0);
    check_fired(scene);
    teller_free(teller);
    ck_assert_msg(training_stop(training, &f.error), "%s", f.error.text);
    teardown(&f);
}
END_TEST

int main(void) {
    parallel_set_threads(1);
    const TestRow tests[] = {
        { training_runs_to_its_end, .threads = USES_THREADS },
        { a_paused_training_takes_steps, .threads = USES_THREADS },
        { a_stopped_training_is_saved, 2, .threads = USES_THREADS },
        { a_training_that_diverges_says_so, .threads = USES_THREADS },
        { a_training_is_watched, .threads = USES_THREADS },
        { another_model_shows_no_counts, .threads = USES_THREADS },
    };
    return run_tests("training", tests, COUNT_OF(tests));
}
