#include "reference/isoflop/time.h"
#include "reference/bench/subjects.h"
#include "reference/isoflop/walk.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Seconds per step: as timed by --time, else of a cell that is done, else as measured.
static double step_seconds(const Study *study, const Cell *cell) {
    const StepTime *entry = step_times_find(&study->times, cell);
    if (entry != NULL && entry->timed) return entry->seconds;
    for (int i = 0; i < study->cells.count; i++) {
        const Cell *done = &study->cells.items[i];
        if (strcmp(done->kind, cell->kind) == 0 && strcmp(done->scale, cell->scale) == 0 &&
            done->result.final && done->result.steps > 0) {
            return done->result.step_seconds / (double)done->result.steps;
        }
    }
    return entry != NULL ? entry->seconds : NAN;
}

double study_seconds(const Study *study, const Cell *cell) {
    return step_seconds(study, cell) * (double)cell->settings.steps;
}

double study_evaluation_seconds(const Study *study, const Cell *cell) {
    static const double FORWARD = 0.4; // share of a step: a third of its products, and the loss
    double batch = (double)cell->settings.B * cell->config.T;
    return FORWARD * step_seconds(study, cell) * ceil((double)study->corpus.valid.tokens / batch);
}

// The median of a few steps after a warm-up step. Stops early when steps are slow.
static bool time_steps(double *out, const Backend *backend, const Cell *cell, Error *error) {
    enum { STEPS = 5 };
    static const double MAX_SECONDS = 2.0;
    StepSubject subject;
    double samples[STEPS], spent = 0;
    int count = 0;
    if (!step_subject_new(&subject, backend, &cell->config, (int)cell->settings.B, error))
        return false;
    for (int i = -1; i < STEPS && (count < 1 || spent < MAX_SECONDS); i++) {
        double parts[BENCH_PARTS] = { 0 }, sum = 0;
        step_subject_run(&subject, parts);
        for (int part = 0; part < BENCH_PARTS; part++) sum += parts[part];
        spent += sum;
        if (i >= 0) samples[count++] = sum;
    }
    step_subject_free(&subject);
    *out = summarize(samples, count).median;
    return true;
}

typedef struct {
    Error *error;
    bool ok;
} Measuring;

static bool measure(void *context, Study *study, const Cell *key, bool certain) {
    (void)certain;
    Measuring *measuring = context;
    const Cell *known = cells_find(&study->cells, key);
    Cell cell = study_cell(study, key);
    if ((known != NULL && cell_done(known)) || !cell_fits(study->options.backend, &cell) ||
        !isnan(step_seconds(study, &cell)))
        return true;
    StepTime *entry = step_times_add(&study->times, &cell, measuring->error);
    measuring->ok = entry != NULL &&
                    time_steps(&entry->seconds, study->options.backend, &cell, measuring->error);
    return measuring->ok;
}

bool study_measure(Study *study, Error *error) {
    Measuring measuring = { error, true };
    study_walk(study, measure, &measuring);
    return measuring.ok;
}

// ---- --time

enum { TIME_ROUNDS = 5 };

// Replaces the study's times by one entry for each kind and scale that is done, and writes a cell of
// each to *shapes [entries], which the caller frees.
static bool list_shapes(Study *study, const Cell ***shapes, Error *error) {
    step_times_free(&study->times);
    *shapes = malloc(((size_t)study->cells.count + 1) * sizeof **shapes);
    if (*shapes == NULL) return fail(error, "out of memory");
    for (int i = 0; i < study->cells.count; i++) {
        const Cell *cell = &study->cells.items[i];
        if (!cell_done(cell) || step_times_find(&study->times, cell) != NULL) continue;
        (*shapes)[study->times.count] = cell;
        if (step_times_add(&study->times, cell, error) == NULL) return false;
    }
    return true;
}

static bool time_rounds(Study *study, const Cell **shapes, double *samples, Error *error) {
    for (int round = 0; round < TIME_ROUNDS; round++) {
        fprintf(stderr, "timing   round %d of %d\n", round + 1, TIME_ROUNDS);
        for (int i = 0; i < study->times.count; i++) {
            double *sample = &samples[i * TIME_ROUNDS + round];
            if (!time_steps(sample, study->options.backend, shapes[i], error)) return false;
        }
    }
    for (int i = 0; i < study->times.count; i++) {
        StepTime *entry = &study->times.items[i];
        entry->seconds = summarize(samples + (ptrdiff_t)i * TIME_ROUNDS, TIME_ROUNDS).median;
        entry->timed = true;
    }
    return true;
}

bool study_time(Study *study, Error *error) {
    const Cell **shapes = NULL;
    bool ok = list_shapes(study, &shapes, error);
    double *samples = calloc((size_t)study->times.count * TIME_ROUNDS + 1, sizeof *samples);
    ok = ok && (samples != NULL || fail(error, "out of memory")) &&
         time_rounds(study, shapes, samples, error);
    free(samples);
    free(shapes);
    if (ok) step_times_apply(&study->times, &study->cells);
    return ok;
}
