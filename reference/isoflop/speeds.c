#include "reference/isoflop/speeds.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const Speed *speeds_find(const Speeds *speeds, const Cell *cell) {
    for (int i = 0; i < speeds->count; i++) {
        const Speed *speed = &speeds->items[i];
        if (strcmp(cell->kind, speed->kind) == 0 && strcmp(cell->scale, speed->scale) == 0)
            return speed;
    }
    return NULL;
}

Speed *speeds_add(Speeds *speeds, const Cell *cell, Error *error) {
    Speed *grown = realloc(speeds->items, ((size_t)speeds->count + 1) * sizeof *grown);
    if (grown == NULL) {
        fail(error, "out of memory");
        return NULL;
    }
    speeds->items = grown;
    Speed *speed = &grown[speeds->count++];
    *speed = (Speed){ .step = NAN };
    strcpy(speed->kind, cell->kind);
    strcpy(speed->scale, cell->scale);
    return speed;
}

void speeds_free(Speeds *speeds) {
    free(speeds->items);
    *speeds = (Speeds){ 0 };
}

void speeds_apply(const Speeds *speeds, Cells *cells) {
    for (int i = 0; i < cells->count; i++) {
        Cell *cell = &cells->at[i];
        const Speed *speed = speeds_find(speeds, cell);
        if (speed != NULL && speed->timed && cell_done(cell)) {
            cell->result.step_seconds = speed->step * (double)cell->result.steps;
        }
    }
}

json_t *speeds_to_json(const Speeds *speeds) {
    json_t *array = json_array();
    for (int i = 0; i < speeds->count; i++) {
        const Speed *speed = &speeds->items[i];
        if (!speed->timed) continue;
        json_t *object = json_object();
        json_add(&object, "kind", json_string(speed->kind));
        json_add(&object, "scale", json_string(speed->scale));
        json_add(&object, "seconds", json_real(speed->step));
        json_add_item(&array, object);
    }
    return array;
}

bool speeds_read(Speeds *out, const json_t *file, const char *path, Error *error) {
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
        Speed *speed = speeds_add(out, &cell, error);
        if (speed == NULL) return false;
        speed->step = seconds;
        speed->timed = true;
    }
    return true;
}
