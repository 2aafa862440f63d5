#include "visualizer/run_watch.h"
#include "reference/io/files.h"
#include "reference/train/checkpoint.h"
#include "reference/train/loss_picture.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <xxhash.h>

RunWatch run_watch_new(const char *run, bool own) {
    return (RunWatch){ .run = run, .own = own, .log_size = -1 };
}

void run_watch_free(RunWatch *watch) {
    free(watch->checkpoint);
    watch->checkpoint = NULL;
}

// ---- the log

static double baseline(const LogLines *lines, const char *name) {
    return log_number(json_object_get(lines->header, "baselines"), name, NAN);
}

static void copy(double *to, const double *from, int count) {
    if (count > 0) memcpy(to, from, (size_t)count * sizeof *to); // there may be no array
}

static bool show_losses(Scene *scene, const LogLines *lines) {
    SceneTraining *training = &scene->training;
    LossChart losses;
    if (!loss_chart(&losses, lines)) return false;
    const Series *train = &losses.series[0], *valid = &losses.series[1];
    bool ok = scene_losses(scene, train->count, valid->count);
    if (ok) {
        copy(training->train_steps, train->x, train->count);
        copy(training->train_losses, train->y, train->count);
        copy(training->valid_steps, valid->x, valid->count);
        copy(training->valid_losses, valid->y, valid->count);
    }
    free(losses.points);
    return ok;
}

static void show_state(SceneTraining *training, const LogLines *lines) {
    const json_t *settings = json_object_get(lines->header, "settings");
    training->steps = log_integer(settings, "steps", 0);
    training->unigram = baseline(lines, "unigram");
    training->trigram = baseline(lines, "trigram");
    training->finished = training->diverged = false;
    training->step = 0;
    for (int i = 0; i < lines->count; i++) {
        const json_t *line = lines->items[i];
        training->step = log_integer(line, "step", training->step);
        training->learning_rate = log_number(line, "rate", training->learning_rate);
        training->tokens_per_second = log_number(line, "tokens_per_s", training->tokens_per_second);
        training->finished |= !isnan(log_number(line, "final_valid_loss", NAN));
        training->diverged |= json_is_true(json_object_get(line, "diverged"));
    }
    training->running = !training->finished && !training->diverged;
    training->stopped[0] = '\0';
    double B = log_number(settings, "B", NAN);
    double T = log_number(json_object_get(lines->header, "model"), "T", NAN);
    training->seconds_left =
        (double)(training->steps - training->step) * B * T / training->tokens_per_second;
    if (training->mode == NOT_TRAINING) training->mode = WATCHING;
}

static bool show_log(Scene *scene, const char *path, Error *error) {
    LogLines lines;
    if (!log_lines_read(&lines, path, INT64_MAX, error)) return false;
    bool ok = show_losses(scene, &lines) || fail(error, "out of memory for the losses");
    show_state(&scene->training, &lines);
    scene->version.training++;
    if (ok && lines.damaged)
        ok =
            fail(error, "%s: line %d is damaged; those before it are shown", path, lines.count + 2);
    log_lines_free(&lines);
    return ok;
}

// A log that cannot be read is read again at the next look.
static bool read_log(RunWatch *watch, Scene *scene, Error *error) {
    struct stat status;
    char *path = path_join(watch->run, LOG_NAME);
    if (path == NULL) return fail(error, "out of memory for the log");
    bool ok = true;
    if (stat(path, &status) == 0 && (int64_t)status.st_size != watch->log_size) {
        ok = show_log(scene, path, error);
        watch->log_size = ok ? (int64_t)status.st_size : -1;
    }
    free(path);
    return ok;
}

// ---- the process

// When the log got its last line, in local time; "" where there is no log.
static void last_written(char out[SCENE_TIME], const char *run) {
    struct stat status;
    struct tm parts;
    char *path = path_join(run, LOG_NAME);
    out[0] = '\0';
    if (path != NULL && stat(path, &status) == 0 && localtime_r(&status.st_mtime, &parts) != NULL)
        strftime(out, SCENE_TIME, "%Y-%m-%d %H:%M", &parts);
    free(path);
}

// A process that was killed leaves a log without an end, and no lock.
static void find_process(const RunWatch *watch, Scene *scene) {
    SceneTraining *training = &scene->training;
    if (watch->own || training->mode == NOT_TRAINING) return;
    if (training->finished || training->diverged) return;
    bool running = folder_is_locked(watch->run);
    if (running == training->running) return;
    training->running = running;
    training->stopped[0] = '\0';
    if (!running) last_written(training->stopped, watch->run);
    scene->version.training++;
}

// ---- checkpoints

// A number that is another for another folder of the same name; 0: there is none.
static uint64_t identity(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) return 0;
    uint64_t parts[] = { (uint64_t)status.st_ino, (uint64_t)status.st_mtim.tv_sec,
                         (uint64_t)status.st_mtim.tv_nsec };
    return XXH3_64bits(parts, sizeof parts) | 1;
}

static void find_checkpoint(RunWatch *watch, bool *newer) {
    char *found = checkpoint_find(watch->run, NULL);
    if (found == NULL) return;
    uint64_t its = identity(found);
    *newer = its != watch->identity;
    free(watch->checkpoint);
    watch->checkpoint = found;
    watch->identity = its;
}

bool run_watch_look(RunWatch *watch, Scene *scene, bool *newer, Error *error) {
    *newer = false;
    if (!path_is_folder(watch->run))
        return fail(error, "%s is gone; its last checkpoint is shown", watch->run);
    find_checkpoint(watch, newer);
    bool ok = read_log(watch, scene, error);
    find_process(watch, scene);
    return ok;
}
