// A run that is watched while it grows, breaks, vanishes and becomes another one: what is wrong is
// said, the story continues, what is right again is shown, and no file of the run ever changes.
#define _XOPEN_SOURCE 700 // nftw, truncate
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/train/log.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_run.h"
#include "visualizer/run_watch.h"
#include "visualizer/teller.h"
#include <dirent.h>
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>
#include <xxhash.h>

enum { T = 64 };

static const char header[] = "{\"model\": {\"T\": 64}, \"settings\": {\"steps\": 1000, \"B\": 2}, "
                             "\"baselines\": {\"unigram\": 5.5, \"trigram\": 4.5}}\n";

typedef struct {
    TinyRun run;
    Teller *teller;
    const Scene *scene;
    double now;
    char log[600];
    pid_t trainer; // a process that has the run's lock, as one that trains it; 0: none
} Watched;

// ---- files

static void append(const char *path, const char *text) {
    FILE *file = fopen(path, "ab");
    ck_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void append_step(const char *path, int step) {
    char line[200];
    snprintf(line, sizeof line,
             "{\"step\": %d, \"loss\": %g, \"rate\": 0.001, \"tokens_per_s\": 1000}\n", step,
             6 - 0.01 * step);
    append(path, line);
}

// Copies the first part of a file, of both halves or one.
static void copy(const char *to, const char *from, int halves) {
    MappedFile file;
    Error error = { "" };
    ck_assert_msg(file_map(&file, from, &error), "%s", error.text);
    FILE *out = fopen(to, "wb");
    size_t size = file.size * (size_t)halves / 2;
    ck_assert(out != NULL && fwrite(file.bytes, 1, size, out) == size && fclose(out) == 0);
    file_unmap(&file);
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *at) {
    (void)status, (void)flag, (void)at;
    return remove(path);
}

static void remove_run(const char *run) {
    ck_assert_int_eq(nftw(run, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static off_t size_of(const char *path) {
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_size;
}

// Of all names, sizes, times and bytes in a folder.
static uint64_t hash_folder(const char *path) {
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    uint64_t sum = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char *inside = path_join(path, entry->d_name);
        struct stat status;
        ck_assert(inside != NULL && stat(inside, &status) == 0);
        uint64_t hash = XXH3_64bits(entry->d_name, strlen(entry->d_name));
        hash = XXH3_64bits_withSeed(&status.st_mtim, sizeof status.st_mtim, hash);
        if (S_ISDIR(status.st_mode)) {
            hash ^= hash_folder(inside);
        } else {
            MappedFile file;
            Error error = { "" };
            ck_assert_msg(file_map(&file, inside, &error), "%s", error.text);
            hash = XXH3_64bits_withSeed(file.bytes, file.size, hash);
            file_unmap(&file);
        }
        sum += hash;
        free(inside);
    }
    closedir(folder);
    return sum;
}

// ---- a run, and who watches it

// Locks the run in a process of its own, until that is killed or this one ends.
static void start_trainer(Watched *watched) {
    int locked[2], end[2];
    char byte = 0;
    ck_assert(pipe(locked) == 0 && pipe(end) == 0);
    watched->trainer = fork();
    ck_assert_int_ge(watched->trainer, 0);
    if (watched->trainer == 0) {
        RunLog log = LOG_CLOSED;
        Error error;
        close(end[1]);
        if (!log_lock(&log, watched->run.run, &error) || write(locked[1], &byte, 1) != 1) _exit(1);
        _exit(read(end[0], &byte, 1) != 0);
    }
    close(locked[1]);
    close(end[0]); // end[1] stays open, and is closed by the end of this process
    ck_assert_int_eq(read(locked[0], &byte, 1), 1);
    close(locked[0]);
}

static void kill_trainer(Watched *watched) {
    int status;
    if (watched->trainer == 0) return;
    ck_assert_int_eq(kill(watched->trainer, SIGKILL), 0);
    ck_assert_int_eq(waitpid(watched->trainer, &status, 0), watched->trainer);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    watched->trainer = 0;
}

static void watched_new(Watched *out) {
    Error error = { "" };
    memset(out, 0, sizeof *out);
    tiny_run_new(&out->run, "sgatlin", T);
    start_trainer(out);
    snprintf(out->log, sizeof out->log, "%s/log.jsonl", out->run.run);
    append(out->log, header);
    append_step(out->log, 10);
    TellerOptions options = { .checkpoint = out->run.run,
                              .watch = true,
                              .prompt = "The dog",
                              .temperature = 1,
                              .speed = 20 };
    out->teller = teller_new(&options, &error);
    ck_assert_msg(out->teller != NULL, "%s", error.text);
    out->scene = teller_scene(out->teller);
}

static void watched_free(Watched *watched) {
    teller_free(watched->teller);
    kill_trainer(watched);
    tiny_run_remove(&watched->run);
}

// Two seconds pass. The run is as it was, and there was something to see in the story.
static void pass_time(Watched *watched) {
    bool there = path_is_folder(watched->run.run);
    uint64_t before = there ? hash_folder(watched->run.run) : 0;
    RequestList requests = { .count = 0 };
    bool changed, told = false;
    uint64_t version = watched->scene->version.told;
    int count = watched->scene->story.count;
    for (double end = watched->now + 2; watched->now < end; watched->now += 0.05) {
        for (int i = 0;
             teller_advance(watched->teller, watched->now, &requests, &changed) <= watched->now;
             i++)
            ck_assert_int_lt(i, 10000);
        told |= watched->scene->story.count != count || watched->scene->version.told != version;
        told |= watched->scene->story.state == STORY_ENDED;
    }
    ck_assert(told);
    if (there) ck_assert_uint_eq(hash_folder(watched->run.run), before);
}

static void expect_right(const Watched *watched) { ck_assert_str_eq(watched->scene->note, ""); }

static void expect_wrong(const Watched *watched, const char *what) {
    ck_assert_msg(strstr(watched->scene->note, what) != NULL, "no '%s' in '%s'", what,
                  watched->scene->note);
}

static void expect_kind(const Watched *watched, const char *kind) {
    ck_assert_str_eq(watched->scene->model.config.ffn->name, kind);
}

// ---- a log

START_TEST(the_log_is_followed)
{
    Watched watched;
    watched_new(&watched);
    const SceneTraining *training = &watched.scene->training;
    pass_time(&watched);
    ck_assert_int_eq(training->mode, WATCHING);
    ck_assert(training->running && training->steps == 1000 && training->train_count == 1);
    ck_assert_double_eq(training->trigram, 4.5);
    ck_assert_double_eq(training->train_losses[0], 6 - 0.1);
    append_step(watched.log, 20);
    append(watched.log, "{\"step\": 30, \"loss\": 5"); // a line that is being written
    pass_time(&watched);
    expect_right(&watched);
    ck_assert_int_eq(training->train_count, 2);
    ck_assert_double_eq(training->seconds_left, 980 * 2 * 64 / 1000.0);
    append(watched.log, ".5}\n");
    pass_time(&watched);
    ck_assert(training->train_count == 3 && training->step == 30);
    append(watched.log, "{\"step\": 40, \"final_valid_loss\": 5.25}\n");
    pass_time(&watched);
    ck_assert(training->finished && !training->running);
    expect_right(&watched);
    watched_free(&watched);
}
END_TEST

START_TEST(a_run_that_diverged_is_not_running)
{
    Watched watched;
    watched_new(&watched);
    append(watched.log, "{\"step\": 20, \"diverged\": true}\n");
    pass_time(&watched);
    ck_assert(!watched.scene->training.running && !watched.scene->training.finished);
    watched_free(&watched);
}
END_TEST

START_TEST(a_killed_run_is_not_running_until_it_is_resumed)
{
    Watched watched;
    watched_new(&watched);
    const SceneTraining *training = &watched.scene->training;
    pass_time(&watched);
    ck_assert(training->running && training->stopped[0] == '\0');
    kill_trainer(&watched);
    struct utimbuf then = { 1700000000, 1700000000 };
    ck_assert_int_eq(utime(watched.log, &then), 0);
    pass_time(&watched);
    char expected[SCENE_TIME];
    strftime(expected, sizeof expected, "%Y-%m-%d %H:%M", localtime(&then.modtime));
    ck_assert(!training->running && !training->finished && training->step == 10);
    ck_assert_str_eq(training->stopped, expected);
    uint64_t version = watched.scene->version.training;
    pass_time(&watched);
    ck_assert_uint_eq(watched.scene->version.training, version); // it is said once
    start_trainer(&watched);
    pass_time(&watched);
    ck_assert(training->running && training->stopped[0] == '\0');
    append(watched.log, "{\"step\": 40, \"final_valid_loss\": 5.25}\n");
    kill_trainer(&watched);
    pass_time(&watched);
    ck_assert(training->finished && !training->running && training->stopped[0] == '\0');
    watched_free(&watched);
}
END_TEST

// It has the lock itself, and opening the file of the lock would end that.
START_TEST(a_run_of_this_process_keeps_its_lock)
{
    Watched watched;
    watched_new(&watched);
    kill_trainer(&watched);
    RunLog log = LOG_CLOSED;
    Error error;
    Scene scene = { 0 };
    bool newer;
    RunWatch watch = run_watch_new(watched.run.run, true);
    ck_assert(log_lock(&log, watched.run.run, &error));
    ck_assert(run_watch_look(&watch, &scene, &newer, &error) && scene.training.running);
    pid_t other = fork();
    if (other == 0) _exit(folder_is_locked(watched.run.run) ? 0 : 1);
    int status;
    ck_assert(waitpid(other, &status, 0) == other && status == 0);
    log_close(&log);
    ck_assert(!folder_is_locked(watched.run.run));
    run_watch_free(&watch);
    scene_free(&scene);
    watched_free(&watched);
}
END_TEST

static const char *const damage[] = { "not JSON\n", "{\"loss\": 5}\n",     "[]\n",
                                      "\n",         "{\"step\": \"x\"}\n", "\xff\xfe{}\n" };

START_TEST(a_damaged_line_is_reported)
{
    Watched watched;
    watched_new(&watched);
    const SceneTraining *training = &watched.scene->training;
    off_t size = size_of(watched.log);
    append(watched.log, damage[_i]);
    append_step(watched.log, 20);
    pass_time(&watched);
    expect_wrong(&watched, "log.jsonl: line 3 is damaged");
    ck_assert_int_eq(training->train_count, 1);
    ck_assert_int_eq(truncate(watched.log, size), 0);
    append_step(watched.log, 20);
    pass_time(&watched);
    expect_right(&watched);
    ck_assert_int_eq(training->train_count, 2);
    watched_free(&watched);
}
END_TEST

START_TEST(a_damaged_header_is_reported)
{
    Watched watched;
    watched_new(&watched);
    pass_time(&watched);
    ck_assert_int_eq(truncate(watched.log, 0), 0);
    append(watched.log, "damaged\n");
    pass_time(&watched);
    expect_wrong(&watched, "the first line is not a JSON object");
    ck_assert_int_eq(watched.scene->training.train_count, 1); // what was read before
    ck_assert_int_eq(truncate(watched.log, 0), 0);
    append(watched.log, header);
    pass_time(&watched);
    expect_right(&watched);
    ck_assert_int_eq(watched.scene->training.train_count, 0);
    ck_assert_int_eq(unlink(watched.log), 0); // none at all is fine
    pass_time(&watched);
    expect_right(&watched);
    watched_free(&watched);
}
END_TEST

// ---- checkpoints

START_TEST(a_newer_checkpoint_is_shown)
{
    Watched watched;
    watched_new(&watched);
    pass_time(&watched);
    ck_assert_int_eq(watched.scene->model.step, 10);
    uint64_t model = watched.scene->version.model;
    pass_time(&watched);
    ck_assert_uint_eq(watched.scene->version.model, model); // it is not opened again
    tiny_run_step(&watched.run, "sgatlin", T, 20);
    pass_time(&watched);
    expect_right(&watched);
    ck_assert_int_eq(watched.scene->model.step, 20);
    ck_assert_int_eq(watched.scene->training.train_count, 1);
    watched_free(&watched);
}
END_TEST

START_TEST(a_deleted_run_is_reported_until_it_is_back)
{
    Watched watched;
    watched_new(&watched);
    pass_time(&watched);
    char aside[600];
    snprintf(aside, sizeof aside, "%s-aside", watched.run.run);
    ck_assert_int_eq(rename(watched.run.run, aside), 0);
    for (int i = 0; i < 10; i++) { // also while other stories begin
        pass_time(&watched);
        expect_wrong(&watched, "is gone; its last checkpoint is shown");
    }
    ck_assert_int_eq(watched.scene->model.step, 10);
    ck_assert_int_eq(rename(aside, watched.run.run), 0);
    pass_time(&watched);
    expect_right(&watched);
    remove_run(watched.run.run);
    pass_time(&watched);
    expect_wrong(&watched, "is gone");
    watched_free(&watched);
}
END_TEST

static const char *const kinds[] = { "sgatlin", "peer", "moe", "mlp" };

// By a run of another kind at the same step; and by one of another size.
START_TEST(a_replaced_run_is_shown)
{
    Watched watched;
    watched_new(&watched);
    pass_time(&watched);
    for (int i = 0; i < COUNT_OF(kinds); i++) {
        remove_run(watched.run.run);
        pass_time(&watched);
        expect_wrong(&watched, "is gone");
        ck_assert(folder_make(watched.run.run, NULL));
        tiny_run_step(&watched.run, kinds[(_i + i) % COUNT_OF(kinds)], T + i, 10);
        pass_time(&watched);
        expect_right(&watched);
        expect_kind(&watched, kinds[(_i + i) % COUNT_OF(kinds)]);
        ck_assert_int_eq(watched.scene->model.config.T, T + i);
        ck_assert_int_eq(watched.scene->training.mode, NOT_TRAINING); // it has no log
    }
    watched_free(&watched);
}
END_TEST

START_TEST(a_checkpoint_half_written_is_awaited)
{
    static const char *const files[] = { "model.safetensors", "state.json", "tokenizer.json" };
    Watched watched;
    watched_new(&watched);
    pass_time(&watched);
    char whole[600], aside[600];
    tiny_run_step(&watched.run, "sgatlin", T, 20);
    snprintf(whole, sizeof whole, "%s/step-000020", watched.run.run);
    snprintf(aside, sizeof aside, "%s-aside", watched.run.run);
    ck_assert_int_eq(rename(whole, aside), 0);
    ck_assert(folder_make(whole, NULL)); // without files
    pass_time(&watched);
    expect_wrong(&watched, "step-000020");
    ck_assert_int_eq(watched.scene->model.step, 10);
    for (int i = 0; i < COUNT_OF(files); i++) { // one by one, each cut at first
        char from[700], to[700];
        snprintf(from, sizeof from, "%s/%s", aside, files[i]);
        snprintf(to, sizeof to, "%s/%s", whole, files[i]);
        copy(to, from, 1);
        pass_time(&watched);
        expect_wrong(&watched, "step-000020");
        copy(to, from, 2);
        pass_time(&watched);
    }
    expect_right(&watched);
    ck_assert_int_eq(watched.scene->model.step, 20);
    watched_free(&watched);
}
END_TEST

// The weights of the checkpoint that is shown are in memory: nothing happens to the story.
START_TEST(a_cut_file_of_the_model_shown_harms_nothing)
{
    Watched watched;
    watched_new(&watched);
    pass_time(&watched);
    char file[600];
    snprintf(file, sizeof file, "%s/step-000010/model.safetensors", watched.run.run);
    ck_assert_int_eq(truncate(file, 1000), 0);
    pass_time(&watched);
    ck_assert_int_eq(watched.scene->model.step, 10);
    snprintf(file, sizeof file, "%s/valid.bin", watched.run.data);
    ck_assert_int_eq(unlink(file), 0);
    pass_time(&watched);
    watched_free(&watched);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { the_log_is_followed },
        { a_run_that_diverged_is_not_running },
        { a_killed_run_is_not_running_until_it_is_resumed },
        { a_run_of_this_process_keeps_its_lock },
        { a_damaged_line_is_reported, COUNT_OF(damage) },
        { a_damaged_header_is_reported },
        { a_newer_checkpoint_is_shown },
        { a_deleted_run_is_reported_until_it_is_back },
        { a_replaced_run_is_shown, COUNT_OF(kinds) },
        { a_checkpoint_half_written_is_awaited },
        { a_cut_file_of_the_model_shown_harms_nothing },
    };
    return run_tests("run_watch", tests, COUNT_OF(tests));
}
