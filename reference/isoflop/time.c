#include "reference/bench/subjects.h"
#include "reference/isoflop/study.h"
#include "reference/numbers/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

double cell_memory(const Backend *backend, const Cell *cell) {
    return backend->bytes(&cell->config, (int)cell->settings.B);
}

bool cell_fits(const Backend *backend, const Cell *cell) {
    return cell_memory(backend, cell) < 0.9 * machine_memory();
}

static bool same_shape(const Cell *cell, const char *kind, const char *scale) {
    return strcmp(cell->kind, kind) == 0 && strcmp(cell->scale, scale) == 0;
}

static const Speed *speed_of(const Study *study, const Cell *cell) {
    for (int i = 0; i < study->speed_count; i++) {
        const Speed *speed = &study->speeds[i];
        if (same_shape(cell, speed->kind, speed->scale)) return speed;
    }
    return NULL;
}

static Speed *speed_add(Study *study, const Cell *cell, Error *error) {
    Speed *grown = realloc(study->speeds, ((size_t)study->speed_count + 1) * sizeof *grown);
    if (grown == NULL) {
        fail(error, "out of memory");
        return NULL;
    }
    study->speeds = grown;
    Speed *speed = &grown[study->speed_count++];
    *speed = (Speed){ .step = NAN };
    strcpy(speed->kind, cell->kind);
    strcpy(speed->scale, cell->scale);
    return speed;
}

// Seconds a step: of a cell that is done, else as measured.
static double step_seconds(const Study *study, const Cell *cell) {
    const Speed *speed = speed_of(study, cell);
    if (speed != NULL && speed->timed) return speed->step;
    for (int i = 0; i < study->cells.count; i++) {
        const Cell *done = &study->cells.at[i];
        if (same_shape(done, cell->kind, cell->scale) && done->result.final &&
            done->result.steps > 0) {
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
    if ((known != NULL && cell_done(known)) || !cell_fits(study->wanted.backend, &cell) ||
        !isnan(step_seconds(study, &cell)))
        return true;
    Speed *speed = speed_add(study, &cell, measuring->error);
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
    free(study->speeds);
    study->speeds = NULL;
    study->speed_count = 0;
    *shapes = malloc(((size_t)study->cells.count + 1) * sizeof **shapes);
    if (*shapes == NULL) return fail(error, "out of memory");
    for (int i = 0; i < study->cells.count; i++) {
        const Cell *cell = &study->cells.at[i];
        if (!cell_done(cell) || speed_of(study, cell) != NULL) continue;
        (*shapes)[study->speed_count] = cell;
        if (speed_add(study, cell, error) == NULL) return false;
    }
    return true;
}

static bool time_rounds(Study *study, const Cell **shapes, double *samples, Error *error) {
    for (int round = 0; round < TIME_ROUNDS; round++) {
        fprintf(stderr, "timing   round %d of %d\n", round + 1, TIME_ROUNDS);
        for (int i = 0; i < study->speed_count; i++) {
            double *sample = &samples[i * TIME_ROUNDS + round];
            if (!time_steps(sample, study->wanted.backend, shapes[i], error)) return false;
        }
    }
    for (int i = 0; i < study->speed_count; i++) {
        study->speeds[i].step = spread_of(samples + (ptrdiff_t)i * TIME_ROUNDS, TIME_ROUNDS).median;
        study->speeds[i].timed = true;
    }
    return true;
}

void study_apply_times(Study *study) {
    for (int i = 0; i < study->cells.count; i++) {
        Cell *cell = &study->cells.at[i];
        const Speed *speed = speed_of(study, cell);
        if (speed != NULL && speed->timed && cell_done(cell)) {
            cell->result.step_seconds = speed->step * (double)cell->result.steps;
        }
    }
}

bool study_time(Study *study, Error *error) {
    const Cell **shapes = NULL;
    bool ok = list_shapes(study, &shapes, error);
    double *samples = calloc((size_t)study->speed_count * TIME_ROUNDS + 1, sizeof *samples);
    ok = ok && (samples != NULL || fail(error, "out of memory")) &&
         time_rounds(study, shapes, samples, error);
    free(samples);
    free(shapes);
    if (ok) study_apply_times(study);
    return ok;
}

json_t *study_times(const Study *study) {
    json_t *array = json_array();
    for (int i = 0; i < study->speed_count; i++) {
        const Speed *speed = &study->speeds[i];
        if (!speed->timed) continue;
        json_t *object = json_object();
        json_add(&object, "kind", json_string(speed->kind));
        json_add(&object, "scale", json_string(speed->scale));
        json_add(&object, "seconds", json_real(speed->step));
        json_add_item(&array, object);
    }
    return array;
}

bool study_read_times(Study *study, const json_t *file, const char *path, Error *error) {
    const json_t *times = json_object_get(file, "step_times");
    for (size_t i = 0; i < json_array_size(times); i++) {
        const json_t *time = json_array_get(times, i);
        const char *kind = json_string_value(json_object_get(time, "kind"));
        const char *scale = json_string_value(json_object_get(time, "scale"));
        double seconds = json_number_value(json_object_get(time, "seconds"));
        Cell cell;
        if (kind == NULL || scale == NULL || !(seconds > 0) ||
            !cell_new(&cell, kind, scale, 1, 1, 0, NULL)) {
            return fail(error, "%s: step_times: entry %zu is no kind, scale and seconds", path, i);
        }
        Speed *speed = speed_add(study, &cell, error);
        if (speed == NULL) return false;
        speed->step = seconds;
        speed->timed = true;
    }
    study_apply_times(study);
    return true;
}
