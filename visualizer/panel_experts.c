#include "reference/numbers/minmax.h"
#include "visualizer/panel_gates.h"
#include <math.h>
#include <stdio.h>

// The gates panel of a moe: for each layer a table with one row per expert and one column per
// token, the layers one above the other. Sizes are pixels.

typedef struct {
    const Frame *frame;
    int first_layer, layers, E;
    int row, column;  // height of an expert, width of a token
    int head;         // above the tables: the shown token
    int label, down;  // left of them: "L0"; from one table to the next
    int left, top;    // of the first table
    int first, count; // tokens
    int shown;        // token; -1: none
    float most;       // gates_most_fired; then there is one column and no token
} Tables;

static bool fit_rows(Tables *tables, PixelRect area, int layers, bool labels) {
    const Frame *frame = tables->frame;
    int gap = labels ? gates_scaled(frame, 10) : gates_scaled(frame, 3);
    tables->layers = layers;
    tables->label = labels ? gates_scaled(frame, 28) : 2;
    tables->head = labels ? gates_scaled(frame, font_line(TEXT_SMALL) + 4) : 2;
    int height = area.height - tables->head - 2 - (layers - 1) * gap;
    tables->row = min_int(gates_scaled(frame, 16), height / (layers * tables->E));
    tables->column = max_int(gates_scaled(frame, 6), min_int(tables->row, gates_scaled(frame, 14)));
    tables->left = area.x + tables->label;
    tables->top = area.y + tables->head;
    tables->down = tables->E * tables->row + gap;
    int least = labels ? gates_scaled(frame, 2) : 1;
    return height > 0 && tables->row >= least && area.width - tables->label - 2 >= tables->column;
}

// All layers, else the selected one, and a note that says so.
static bool choose(Tables *tables, Rect area) {
    const Frame *frame = tables->frame;
    PixelRect whole = gates_pixels(frame, area);
    int L = frame->scene->model.L;
    if (fit_rows(tables, whole, L, true) || fit_rows(tables, whole, L, false)) return true;
    Rect above = area;
    above.height -= font_line(TEXT_SMALL) + 4;
    tables->first_layer = max_int(0, min_int(frame->view->layer, L - 1));
    whole = gates_pixels(frame, above);
    if (!fit_rows(tables, whole, 1, true) && !fit_rows(tables, whole, 1, false)) return false;
    char note[SCENE_TEXT];
    snprintf(note, sizeof note, "only layer %d of %d fits here", tables->first_layer, L);
    gates_note(frame, area, note);
    return true;
}

// The last tokens that fit, or those around the shown one.
static void choose_tokens(Tables *tables, PixelRect area) {
    int count = tables->frame->scene->story.count;
    if (!isnan(tables->most)) // one column of how often each expert was chosen
        tables->column = min_int(gates_scaled(tables->frame, 48), area.width - tables->label - 2);
    int fit = min_int((area.width - tables->label - 2) / tables->column, GATES_VALUES);
    tables->count = isnan(tables->most) ? min_int(count, fit) : 1;
    tables->first = part_first(count, tables->count, tables->shown);
}

static PixelRect table_at(const Tables *tables, int layer) {
    return (PixelRect){ tables->left, tables->top + (layer - tables->first_layer) * tables->down,
                        tables->count * tables->column, tables->E * tables->row };
}

static PixelRect expert_at(const Tables *tables, int layer, int expert) {
    PixelRect row = table_at(tables, layer);
    row.y += expert * tables->row;
    row.height = tables->row;
    return row;
}

// values [E]: the scores of a token's experts; NAN: not its experts.
static void token_values(float *values, const Tables *tables, int layer, int token) {
    const Scene *scene = tables->frame->scene;
    size_t entry = scene_entry(scene, token, layer, 0);
    for (int k = 0; k < scene->model.K; k++) {
        int expert = scene->story.index[entry + (size_t)k];
        if (expert >= 0 && expert < tables->E)
            values[expert] = gates_brightness(scene->story.score[entry + (size_t)k]);
    }
}

// values [E]: how often they were chosen in training.
static void training_values(float *values, const Tables *tables, int layer) {
    const float *fired = tables->frame->scene->training.fired + (size_t)layer * (size_t)tables->E;
    for (int i = 0; i < tables->E; i++) {
        if (fired[i] > 0) values[i] = fired[i] / tables->most;
    }
}

static void draw_table(const Tables *tables, int layer) {
    const Frame *frame = tables->frame;
    float values[GATES_VALUES];
    PixelRect table = table_at(tables, layer), column = table;
    column.width = tables->column;
    for (int i = 0; i < tables->count; i++, column.x += tables->column) {
        for (int expert = 0; expert < tables->E; expert++) values[expert] = NAN;
        if (isnan(tables->most)) {
            token_values(values, tables, layer, tables->first + i);
        } else {
            training_values(values, tables, layer);
        }
        draw_cells(frame->list, gates_points(frame, column), tables->E, 1, values, 0, 1);
    }
    for (int expert = 0; expert < tables->E; expert++) {
        Target target = { TARGET_EXPERT, layer, 0, expert };
        hit_add(frame->hits, gates_points(frame, expert_at(tables, layer, expert)), target);
    }
    if (tables->label > 2)
        gates_layer_label(frame, table.x - tables->label, table.y + table.height / 2, layer);
}

static PixelRect around(PixelRect rect) {
    return (PixelRect){ rect.x - 2, rect.y - 2, rect.width + 3, rect.height + 3 };
}

// The shown token's column, through all layers, and its text above.
static void draw_shown(const Tables *tables, PixelRect area) {
    const Frame *frame = tables->frame;
    char text[SCENE_TEXT];
    int number = tables->shown - tables->first;
    if (tables->shown < 0 || number < 0 || number >= tables->count) return;
    PixelRect column = table_at(tables, tables->first_layer);
    column.x += number * tables->column;
    column.width = tables->column;
    column.height += (tables->layers - 1) * tables->down;
    gates_frame(frame, around(column), 1.25f, COLOR_ACCENT);
    if (tables->label == 2) return;
    int32_t token = frame->scene->story.tokens[tables->shown].id;
    part_token_text(frame, token, text);
    Rect all = gates_points(frame, area), at = gates_points(frame, column);
    float width = fminf(draw_text_width(frame->list, text, TEXT_SMALL), all.width);
    float x = fminf(fmaxf(all.x, at.x + at.width / 2 - width / 2), all.x + all.width - width);
    draw_text_cut(frame->list, x, all.y, TEXT_SMALL, part_token_color(frame, token, COLOR_TEXT),
                  text, width);
}

static void draw_chosen(const Tables *tables, Rect area) {
    const View *view = tables->frame->view;
    int end = tables->first_layer + tables->layers;
    char name[64];
    if (view->neuron >= 0 && view->neuron < tables->E && view->layer >= tables->first_layer &&
        view->layer < end)
        gates_frame(tables->frame, around(expert_at(tables, view->layer, view->neuron)), 1,
                    COLOR_ACCENT);
    const Target *hover = &view->hover;
    if (hover->kind != TARGET_EXPERT || hover->index < 0 || hover->index >= tables->E ||
        hover->layer < tables->first_layer || hover->layer >= end)
        return;
    PixelRect row = expert_at(tables, hover->layer, hover->index);
    gates_frame(tables->frame, around(row), 1, COLOR_TEXT);
    snprintf(name, sizeof name, "expert %d · layer %d", hover->index, hover->layer);
    float scale = tables->frame->list->scale;
    PixelRect mouse = { (int)(view->mouse_x * scale), row.y, 1, row.height };
    gates_tooltip(tables->frame, area, mouse, name);
}

void gates_experts(const Frame *frame, Rect area) {
    Tables tables = { .frame = frame, .E = frame->scene->model.F };
    tables.shown = view_token(frame->view, frame->scene);
    tables.most = tables.shown < 0 ? gates_most_fired(frame->scene) : NAN;
    if (tables.shown < 0 && isnan(tables.most)) {
        part_empty(frame, area, "no token yet");
    } else if (tables.E > GATES_VALUES || !choose(&tables, area)) {
        part_empty(frame, area, "too small to show the experts");
    } else {
        choose_tokens(&tables, gates_pixels(frame, area));
        for (int i = 0; i < tables.layers; i++) draw_table(&tables, tables.first_layer + i);
        draw_shown(&tables, gates_pixels(frame, area));
        draw_chosen(&tables, area);
    }
}
