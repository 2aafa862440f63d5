#include "reference/isoflop/time.h"
#include "reference/bench/subjects.h"
#include "reference/isoflop/walk.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Seconds a step: of a cell that is done, else as measured.
static double step_seconds(const Study *study, const Cell *cell) {
    const Speed *speed = speeds_find(&study->speeds, cell);
    if (speed != NULL && speed->timed) return speed->step;
    for (int i = 0; i < study->cells.count; i++) {
        const Cell *done = &study->cells.at[i];
        if (strcmp(done->kind, cell->kind) == 0 && strcmp(done->scale, cell->scale) == 0 &&
            done->result.final && done->result.steps > 0) {
            return done->result.step_seconds / (double)done->result.steps;
        }
    }
    return speed != NULL ? speed->step : NAN;
}

double study_seconds(const Study *study, const Cell *cell) {
    return step_seconds(study, cell) * (double)cell->settings.steps;
}

double study_look_seconds(const Study *study, const Cell *cell) {
    static const double FORWARD = 0.4; // of a step: a third of its products, and the loss
    double batch = (double)cell->settings.B * cell->config.T;
    return FORWARD * step_seconds(study, cell) * ceil((double)study->corpus.valid.tokens / batch);
}

// Median of a few steps behind one that warms up; those of a large model are not repeated.
static bool time_steps(double *out, const Backend *backend, const Cell *cell, Error *error) {
    enum { STEPS = 5 };
    static const double ENOUGH = 2.0; // seconds
    StepSubject subject;
    double samples[STEPS], spent = 0;
    int count = 0;
    if (!step_subject_new(&subject, backend, &cell->config, (int)cell->settings.B, error))
        return false;
    for (int i = -1; i < STEPS && (count < 1 || spent < ENOUGH); i++) {
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
    if ((known != NULL && cell_done(known)) || !cell_fits(study->wanted.backend, &cell) ||
        !isnan(step_seconds(study, &cell)))
        return true;
    Speed *speed = speeds_add(&study->speeds, &cell, measuring->error);
    measuring->ok =
        speed != NULL && time_steps(&speed->step, study->wanted.backend, &cell, measuring->error);
    return measuring->ok;
}

bool study_measure(Study *study, Error *error) {
    Measuring measuring = { error, true };
    study_walk(study, measure, &measuring);
    return measuring.ok;
}

// --- in turns ---

enum { TIME_ROUNDS = 5 };

// One entry for each kind and scale that is done; their old times go.
static bool list_shapes(Study *study, const Cell ***shapes, Error *error) {
    speeds_free(&study->speeds);
    *shapes = malloc(((size_t)study->cells.count + 1) * sizeof **shapes);
    if (*shapes == NULL) return fail(error, "out of memory");
    for (int i = 0; i < study->cells.count; i++) {
        const Cell *cell = &study->cells.at[i];
        if (!cell_done(cell) || speeds_find(&study->speeds, cell) != NULL) continue;
        (*shapes)[study->speeds.count] = cell;
        if (speeds_add(&study->speeds, cell, error) == NULL) return false;
    }
    return true;
}

static bool time_rounds(Study *study, const Cell **shapes, double *samples, Error *error) {
    for (int round = 0; round < TIME_ROUNDS; round++) {
        fprintf(stderr, "timing   round %d of %d\n", round + 1, TIME_ROUNDS);
        for (int i = 0; i < study->speeds.count; i++) {
            double *sample = &samples[i * TIME_ROUNDS + round];
            if (!time_steps(sample, study->wanted.backend, shapes[i], error)) return false;
        }
    }
    for (int i = 0; i < study->speeds.count; i++) {
        study->speeds.items[i].step =
            summarize(samples + (ptrdiff_t)i * TIME_ROUNDS, TIME_ROUNDS).median;
        study->speeds.items[i].timed = true;
    }
    return true;
}

bool study_time(Study *study, Error *error) {
    const Cell **shapes = NULL;
    bool ok = list_shapes(study, &shapes, error);
    double *samples = calloc((size_t)study->speeds.count * TIME_ROUNDS + 1, sizeof *samples);
    ok = ok && (samples != NULL || fail(error, "out of memory")) &&
         time_rounds(study, shapes, samples, error);
    free(samples);
    free(shapes);
    if (ok) speeds_apply(&study->speeds, &study->cells);
    return ok;
}
