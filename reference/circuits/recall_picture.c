#include "reference/circuits/recall_picture.h"
#include <math.h>
#include <stdio.h>

enum {
    MARGIN = 16,
    CELL_WIDTH = 62,
    CELL_HEIGHT = 30,
    LABEL = 112, // left of a grid, for "noun, all layers"
    TOP = 100,   // above the first row
    GAP = 18,    // between grids, and between places
    GRID = CONTROLS * CELL_WIDTH,
};

static const char *const measures[] = { "normalised indirect effect", "rank flips",
                                        "the other's answer is first" };
enum { MEASURES = sizeof measures / sizeof measures[0] };

static double measure_of(const EffectSummary *cell, int measure) {
    if (cell->pairs == 0) return NAN;
    return measure == 0 ? cell->nie : measure == 1 ? cell->flips : cell->first;
}

static int grid_x(int measure) { return 2 * MARGIN + LABEL + measure * (GRID + GAP); }

static int row_y(const RecallTable *table, int place, int row) {
    return TOP + place * ((table->L + 1) * CELL_HEIGHT + GAP) + row * CELL_HEIGHT;
}

// One number on the color of its cell.
static void draw_number(DrawList *list, int x, int y, double value) {
    char text[16];
    if (!isfinite(value)) return;
    snprintf(text, sizeof text, "%.2f", fabs(value) < 0.005 ? 0 : value); // not -0.00
    Color color = value > 0.5 ? COLOR_BACKGROUND : COLOR_TEXT;
    draw_text_center(list, (float)x + CELL_WIDTH / 2.0f, (float)y + 6, TEXT_SMALL, color, text);
}

static void draw_place(DrawList *list, const RecallTable *table, int place, int measure) {
    int rows = table->L + 1, x = grid_x(measure);
    for (int row = 0; row < rows; row++) {
        float values[CONTROLS];
        int y = row_y(table, place, row);
        for (int control = 0; control < CONTROLS; control++)
            values[control] =
                (float)measure_of(recall_cell(table, (Place)place, row, (Control)control), measure);
        draw_cells(list, (Rect){ (float)x, (float)y, GRID, CELL_HEIGHT }, 1, CONTROLS, values, 0,
                   1);
        for (int control = 0; control < CONTROLS; control++)
            draw_number(list, x + control * CELL_WIDTH, y, values[control]);
    }
}

static void draw_labels(DrawList *list, const RecallTable *table, int place) {
    for (int row = 0; row <= table->L; row++) {
        char label[48];
        if (row == 0)
            snprintf(label, sizeof label, "%s, all layers", place_names[place]);
        else
            snprintf(label, sizeof label, "layer %d", row - 1);
        draw_text_right(list, 2 * MARGIN + LABEL - 10, (float)row_y(table, place, row) + 6,
                        TEXT_SMALL, COLOR_DIM, label);
    }
}

void recall_picture(DrawList *list, const RecallTable *table, const char *title) {
    int width = grid_x(MEASURES - 1) + GRID + 2 * MARGIN;
    draw_clear(list, width, row_y(table, PLACES, 0) + 2 * MARGIN);
    draw_round_rect(list,
                    (Rect){ MARGIN, MARGIN, (float)(width - 2 * MARGIN),
                            (float)(list->height - 2 * MARGIN) },
                    6, COLOR_PANEL);
    draw_text_cut(list, 2 * MARGIN, 2 * MARGIN - 4, TEXT_LARGE, COLOR_TEXT, title,
                  (float)(width - 4 * MARGIN));
    for (int measure = 0; measure < MEASURES; measure++) {
        draw_text(list, (float)grid_x(measure), TOP - 42, TEXT_SMALL, COLOR_TEXT,
                  measures[measure]);
        for (int control = 0; control < CONTROLS; control++)
            draw_text_center(list, (float)grid_x(measure) + ((float)control + 0.5f) * CELL_WIDTH,
                             TOP - 22, TEXT_SMALL, COLOR_DIM, control_names[control]);
        for (int place = 0; place < PLACES; place++) draw_place(list, table, place, measure);
    }
    for (int place = 0; place < PLACES; place++) draw_labels(list, table, place);
}
