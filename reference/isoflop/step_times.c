#include "reference/isoflop/step_times.h"
#include "reference/numbers/array.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const StepTime *step_times_find(const StepTimes *times, const Cell *cell) {
    for (int i = 0; i < times->count; i++) {
        const StepTime *entry = &times->items[i];
        if (strcmp(cell->kind, entry->kind) == 0 && strcmp(cell->scale, entry->scale) == 0)
            return entry;
    }
    return NULL;
}

StepTime *step_times_add(StepTimes *times, const Cell *cell, Error *error) {
    StepTime *items =
        array_grow(times->items, &times->capacity, (size_t)times->count + 1, sizeof *items);
    if (items == NULL) {
        fail(error, "out of memory");
        return NULL;
    }
    times->items = items;
    StepTime *entry = &items[times->count++];
    *entry = (StepTime){ .seconds = NAN };
    strcpy(entry->kind, cell->kind);
    strcpy(entry->scale, cell->scale);
    return entry;
}

void step_times_free(StepTimes *times) {
    free(times->items);
    *times = (StepTimes){ 0 };
}

void step_times_apply(const StepTimes *times, Cells *cells) {
    for (int i = 0; i < cells->count; i++) {
        Cell *cell = &cells->items[i];
        const StepTime *entry = step_times_find(times, cell);
        if (entry != NULL && entry->timed && cell_done(cell))
            cell->result.step_seconds = entry->seconds * (double)cell->result.steps;
    }
}

json_t *step_times_to_json(const StepTimes *times) {
    json_t *array = json_array();
    for (int i = 0; i < times->count; i++) {
        const StepTime *entry = &times->items[i];
        if (!entry->timed) continue;
        json_t *object = json_object();
        json_add(&object, "kind", json_string(entry->kind));
        json_add(&object, "scale", json_string(entry->scale));
        json_add(&object, "seconds", json_real(entry->seconds));
        json_add_item(&array, object);
    }
    return array;
}

bool step_times_read(StepTimes *out, const json_t *file, const char *path, Error *error) {
    const json_t *array = json_object_get(file, "step_times");
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        const char *kind = json_string_value(json_object_get(object, "kind"));
        const char *scale = json_string_value(json_object_get(object, "scale"));
        double seconds = json_number_value(json_object_get(object, "seconds"));
        Cell cell;
        if (kind == NULL || scale == NULL || !(seconds > 0) ||
            !cell_new(&cell, kind, scale, 1, 1, 0, NULL)) {
            return fail(error, "%s: step_times: entry %zu is not a kind, scale and seconds", path,
                        i);
        }
        StepTime *entry = step_times_add(out, &cell, error);
        if (entry == NULL) return false;
        entry->seconds = seconds;
        entry->timed = true;
    }
    return true;
}
