#include "reference/bench/subjects.h"
#include "reference/cli/isoflop_study.h"
#include "reference/cli/train_run.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

double cell_memory(const Cell *cell) {
    size_t activations = model_activation_floats(&cell->config, (int)cell->settings.B, cell->config.T, true);
    return 4.0 * (4.0 * cell->cost.parameters + (double)activations);
}

bool cell_fits(const Cell *cell) { return cell_memory(cell) < 0.9 * machine_memory(); }

static bool same_shape(const Cell *cell, const char *kind, const char *scale) {
    return strcmp(cell->kind, kind) == 0 && strcmp(cell->scale, scale) == 0;
}

// Seconds a step: of a cell that is done, else as measured.
static double step_seconds(const Study *study, const Cell *cell) {
    for (int i = 0; i < study->cells.count; i++) {
        const Cell *done = &study->cells.at[i];
        if (same_shape(done, cell->kind, cell->scale) && done->result.final && done->result.steps > 0) {
            return done->result.step_seconds / (double)done->result.steps;
        }
    }
    for (int i = 0; i < study->speed_count; i++) {
        const Speed *speed = &study->speeds[i];
        if (same_shape(cell, speed->kind, speed->scale)) return speed->step;
    }
    return NAN;
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
static bool time_steps(double *out, const Cell *cell, Error *error) {
    enum { STEPS = 5 };
    static const double ENOUGH = 2.0; // seconds
    StepSubject subject;
    double samples[STEPS], spent = 0;
    int count = 0;
    if (!step_subject_new(&subject, &cell->config, (int)cell->settings.B, error)) return false;
    for (int i = -1; i < STEPS && (count < 1 || spent < ENOUGH); i++) {
        double parts[BENCH_PARTS] = { 0 }, sum = 0;
        step_subject_run(&subject, parts);
        for (int part = 0; part < BENCH_PARTS; part++) sum += parts[part];
        spent += sum;
        if (i >= 0) samples[count++] = sum;
    }
    step_subject_free(&subject);
    *out = spread_of(samples, count).median;
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
    if ((known != NULL && cell_done(known)) || !cell_fits(&cell) || !isnan(step_seconds(study, &cell))) return true;
    Speed *grown = realloc(study->speeds, ((size_t)study->speed_count + 1) * sizeof *grown), speed;
    measuring->ok = grown != NULL || fail(measuring->error, "out of memory");
    if (!measuring->ok) return false;
    study->speeds = grown;
    strcpy(speed.kind, cell.kind);
    strcpy(speed.scale, cell.scale);
    measuring->ok = time_steps(&speed.step, &cell, measuring->error);
    grown[study->speed_count++] = speed;
    return measuring->ok;
}

bool study_measure(Study *study, Error *error) {
    Measuring measuring = { error, true };
    study_walk(study, measure, &measuring);
    return measuring.ok;
}
