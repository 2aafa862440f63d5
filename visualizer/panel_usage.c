#include "reference/io/progress.h"
#include "reference/numbers/minmax.h"
#include "visualizer/panel.h"
#include <math.h>
#include <stdio.h>

enum {
    LABEL = 32,
    PERCENT = 44,
    GINI = 72,
    BAR_HEIGHT = 9,
    NARROWEST_BAR = 60, // beside a Gini coefficient
    TALLEST = 26,       // row
    NARROWEST = 106,    // column of rows
    GAP = 20,           // between columns
};

// Neurons of a layer that fired at all: in the latest training steps, or else in the recording.
static double fired_neurons(const Scene *scene, int layer) {
    size_t neurons = (size_t)scene->model.C * (size_t)scene->model.F;
    if (scene->training.fired == NULL) return round(scene->circuits.usage[layer] * (double)neurons);
    const float *fired = scene->training.fired + (size_t)layer * neurons;
    int count = 0;
    for (size_t i = 0; i < neurons; i++) count += fired[i] > 0;
    return count;
}

static void draw_layer(const Frame *frame, Rect row, int layer) {
    const SceneModel *model = &frame->scene->model;
    DrawList *list = frame->list;
    char text[32];
    double all = (double)model->C * model->F, fired = fired_neurons(frame->scene, layer);
    float y = row.y + (row.height - font_line(TEXT_SMALL)) / 2, right = row.x + row.width;
    snprintf(text, sizeof text, "L%d", layer);
    draw_text_cut(list, row.x, y, TEXT_SMALL, COLOR_DIM, text, row.width);
    float bar = row.width - LABEL - PERCENT;
    if (bar < 0) return;
    draw_text_right(list, right, y, TEXT_SMALL, COLOR_TEXT, short_share(fired, all).text);
    if (frame->scene->training.fired == NULL && bar - GINI >= NARROWEST_BAR) {
        snprintf(text, sizeof text, "Gini %.2f", (double)frame->scene->circuits.gini[layer]);
        draw_text_right(list, right - PERCENT, y, TEXT_SMALL, COLOR_DIM, text);
        bar -= GINI;
    }
    part_bar(frame, (Rect){ row.x + LABEL, row.y + (row.height - BAR_HEIGHT) / 2, bar, BAR_HEIGHT },
             fired / all, color_heat(0.45));
}

// As many columns as are needed and fit, and as many rows.
static void draw_layers(const Frame *frame, Rect area) {
    int L = frame->scene->model.L;
    float line = font_line(TEXT_SMALL);
    int fitting = (int)fminf(area.height / line, (float)L);
    int most = max_int(1, (int)fminf((area.width + GAP) / (NARROWEST + GAP), (float)L));
    if (fitting < 1) return;
    int columns = min_int(most, (L + fitting - 1) / fitting), rows = (L + columns - 1) / columns;
    bool all = rows <= fitting;
    if (!all) rows = fitting - 1; // and a line that says how many are left out
    float width = (area.width - (float)(GAP * (columns - 1))) / (float)columns;
    float height = all ? fminf(TALLEST, area.height / (float)rows) : line;
    int shown = min_int(L, rows * columns);
    for (int layer = 0; layer < shown; layer++) {
        float x = area.x + (width + GAP) * (float)(layer / rows);
        draw_layer(frame, (Rect){ x, area.y + height * (float)(layer % rows), width, height },
                   layer);
    }
    if (all) return;
    char text[48];
    snprintf(text, sizeof text, "and %d more layers", L - shown);
    draw_text_cut(frame->list, area.x, area.y + height * (float)rows, TEXT_SMALL, COLOR_DIM, text,
                  area.width);
}

void panel_usage(const Frame *frame, Rect area) {
    const Scene *scene = frame->scene;
    int L = scene->model.L;
    if (!scene->model.sparse || L == 0) {
        part_empty(frame, area, "a dense model uses all of its neurons");
        return;
    }
    if (scene->training.fired == NULL && scene->circuits.usage == NULL) {
        const char *note = scene->circuits.note;
        part_empty(frame, area, note[0] != '\0' ? note : "no recording to count in");
        return;
    }
    draw_layers(frame, area);
}
