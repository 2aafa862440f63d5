// Hostile isoflop.json files: cells that are accepted can be prepared, sorted, printed, drawn and
// written again.
#include "reference/isoflop/report.h"
#include "reference/isoflop/step_times.h"
#include "tests/fuzz/paint.h"
#include <string.h>

enum { VOCABULARY = 300, MAX_CELLS = 40, MAX_COMMANDS = 100000 };

// As if it was trained, to any result.
static void finish(Cell *cell) {
    uint64_t bits = (uint64_t)cell->seed;
    cell->result = (LogResult){ .final = bits % 5 != 0,
                                .diverged = bits % 5 == 0,
                                .steps = cell->settings.steps,
                                .tokens = (int64_t)(bits >> 2),
                                .valid_tokens = 1 };
    memcpy(&cell->result.valid_loss, &cell->budget, sizeof cell->budget);
    cell->result.step_seconds = cell->peak;
}

// The cells after writing and reading them are the same.
static void write_and_read(const Cells *cells) {
    Cells again = { 0 };
    Error error = { "" };
    json_t *array = report_cells(cells);
    require(array != NULL || cells->count > 0); // NULL: a number that JSON does not have
    if (array != NULL) {
        require(report_read_cells(&again, array, "again", &error) && again.count == cells->count);
        for (int i = 0; i < cells->count; i++)
            require(cell_same(&cells->items[i], &again.items[i]));
    }
    cells_free(&again);
    json_decref(array);
}

static void report(const Cells *cells) {
    Groups groups;
    require(groups_new(&groups, cells, NULL) && groups.count <= cells->count);
    FILE *nowhere = fopen("/dev/null", "w");
    require(nowhere != NULL);
    report_tables(nowhere, &groups);
    fclose(nowhere);
    for (int against = AGAINST_PARAMETERS; against <= AGAINST_SECONDS; against++) {
        DrawList list = draw_new(0, 0, font_builtin());
        Error error = { "" };
        if (report_picture(&list, &groups, cells, (Against)against, &error)) {
            paint_and_free(&list, MAX_COMMANDS);
        } else {
            require(error.text[0] != '\0');
            draw_free(&list);
        }
    }
    free(groups.items);
}

static void use(Cells *cells, const StepTimes *times, const char *set) {
    Error error = { "" };
    if (cells->count > MAX_CELLS) cells->count = MAX_CELLS;
    int prepared = 0;
    for (int i = 0; i < cells->count; i++) {
        Cell *cell = &cells->items[i];
        if (!cell_prepare(cell, VOCABULARY, set, &error)) {
            require(error.text[0] != '\0' && strchr(error.text, '\n') == NULL);
            continue;
        }
        finish(cell);
        cells->items[prepared++] = *cell;
    }
    cells->count = prepared;
    step_times_apply(times, cells);
    write_and_read(cells);
    report(cells);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    Error error = { "" };
    Cells cells = { 0 };
    StepTimes times = { 0 };
    json_t *file = json_parse((const char *)bytes, size, "isoflop.json", &error);
    const char *set = json_string_value(json_object_get(file, "set"));
    if (file != NULL &&
        report_read_cells(&cells, json_object_get(file, "cells"), "isoflop.json", &error) &&
        step_times_read(&times, file, "isoflop.json", &error)) {
        use(&cells, &times, set != NULL ? set : "");
    } else {
        require(strstr(error.text, "isoflop.json: ") == error.text ||
                strstr(error.text, ": a kind with its options") != NULL ||
                strstr(error.text, ": unknown scale") != NULL);
        require(strchr(error.text, '\n') == NULL);
    }
    cells_free(&cells);
    step_times_free(&times);
    json_decref(file);
    return 0;
}
