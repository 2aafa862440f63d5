#include "visualizer/training.h"
#include "reference/numbers/parallel.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct Training {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    Trainer trainer;
    RunLog log;
    const char *folder;
    int threads; // of OpenMP, as in the thread that opened the trainer

    // Shared, under the lock.
    bool paused, one_step, stop, ended, fresh;
    int64_t step;
    uint64_t *shown; // [L,pools,F]: firings since the last line of the log
    bool counted;    // shown has something
    RunEnd end;
    Error error;
};

// ---- the thread

// After each step: takes the counts, which the run clears at every line of its log.
static void count_step(void *context, const Trainer *trainer, const StepResult *result) {
    Training *training = context;
    (void)result;
    pthread_mutex_lock(&training->lock);
    const Usage *usage = trainer_usage(&training->trainer);
    size_t size = usage_neurons(usage) * sizeof *training->shown;
    if (size > 0) memcpy(training->shown, usage->fired, size);
    training->counted = size > 0;
    training->step = trainer->step;
    training->fresh = true;
    training->one_step = false;
    pthread_mutex_unlock(&training->lock);
}

// Before each step: waits while it is paused.
static bool wait_or_stop(void *context) {
    Training *training = context;
    pthread_mutex_lock(&training->lock);
    while (training->paused && !training->one_step && !training->stop)
        pthread_cond_wait(&training->changed, &training->lock);
    bool stop = training->stop;
    pthread_mutex_unlock(&training->lock);
    return stop;
}

static void *train(void *context) {
    Training *training = context;
    const RunObserver observer = { .step = count_step, .stop = wait_or_stop, .context = training };
    Error error = { "" };
    parallel_set_threads(training->threads);
    RunEnd end = run_train(&training->trainer, training->folder, &training->log, &observer, &error);
    pthread_mutex_lock(&training->lock);
    training->end = end;
    training->error = error;
    training->ended = training->fresh = true;
    pthread_mutex_unlock(&training->lock);
    return NULL;
}

// ---- from outside

static void release(Training *training) {
    log_close(&training->log);
    trainer_free(&training->trainer);
    free(training->shown);
    pthread_mutex_destroy(&training->lock);
    pthread_cond_destroy(&training->changed);
    free(training);
}

Training *training_start(Trainer *trainer, RunLog *log, const char *folder, Error *error) {
    Training *training = calloc(1, sizeof *training);
    if (training == NULL) {
        log_close(log);
        trainer_free(trainer);
        fail(error, "out of memory for the training");
        return NULL;
    }
    training->trainer = *trainer;
    training->log = *log;
    training->folder = folder;
    training->threads = parallel_threads();
    training->step = trainer->step;
    pthread_mutex_init(&training->lock, NULL);
    pthread_cond_init(&training->changed, NULL);
    training->shown = calloc(usage_neurons(&training->trainer.usage) + 1, sizeof *training->shown);
    int code = 0;
    if (training->shown != NULL) code = pthread_create(&training->thread, NULL, train, training);
    if (training->shown != NULL && code == 0) return training;
    fail(error, "the training cannot be started: %s", code != 0 ? strerror(code) : "out of memory");
    release(training);
    return NULL;
}

bool training_stop(Training *training, Error *error) {
    if (training == NULL) return true;
    pthread_mutex_lock(&training->lock);
    training->stop = true;
    pthread_cond_signal(&training->changed);
    pthread_mutex_unlock(&training->lock);
    pthread_join(training->thread, NULL);
    bool ok = training->end == RUN_FINISHED || training->end == RUN_STOPPED;
    if (!ok) *error = training->error;
    release(training);
    return ok;
}

bool training_ended(Training *training) {
    pthread_mutex_lock(&training->lock);
    bool ended = training->ended;
    pthread_mutex_unlock(&training->lock);
    return ended;
}

void training_pause(Training *training, bool paused) {
    pthread_mutex_lock(&training->lock);
    training->paused = paused;
    pthread_cond_signal(&training->changed);
    pthread_mutex_unlock(&training->lock);
}

void training_step(Training *training) {
    pthread_mutex_lock(&training->lock);
    training->one_step = true;
    pthread_cond_signal(&training->changed);
    pthread_mutex_unlock(&training->lock);
}

// The counts as shares of the tokens that they are of.
static void show_fired(const Training *training, Scene *scene) {
    const Usage *usage = &training->trainer.usage;
    const SceneModel *model = &scene->model;
    if (usage->L != model->L || usage->F != model->F || !scene_trained_neurons(scene)) return;
    size_t F = (size_t)usage->F;
    for (int layer = 0; layer < model->L; layer++) {
        for (int channel = 0; channel < model->C; channel++) {
            int pool = usage->pools == 1 ? 0 : channel;
            const uint64_t *from =
                training->shown + ((size_t)layer * (size_t)usage->pools + (size_t)pool) * F;
            float *to =
                scene->training.fired + ((size_t)layer * (size_t)model->C + (size_t)channel) * F;
            double sum = 0;
            for (size_t f = 0; f < F; f++) sum += (double)from[f];
            double tokens = sum / model->K; // of a ragged kind on average
            for (size_t f = 0; f < F; f++)
                to[f] = sum > 0 ? (float)((double)from[f] / tokens) : 0.0f;
        }
    }
}

bool training_show(Training *training, Scene *scene) {
    pthread_mutex_lock(&training->lock);
    bool running = !training->ended && !training->paused; // whatever its log says
    bool fresh =
        training->fresh || scene->training.mode != TRAINING || running != scene->training.running;
    if (fresh) {
        scene->training.mode = TRAINING;
        scene->training.running = running;
        scene->training.paused = training->paused && !training->ended;
        scene->training.step = training->step;
        if (training->counted) show_fired(training, scene);
        if (training->ended && training->end >= RUN_DIVERGED)
            memcpy(scene->note, training->error.text, sizeof scene->note - 1);
        scene->version.training++;
        training->fresh = false;
    }
    pthread_mutex_unlock(&training->lock);
    return fresh;
}
