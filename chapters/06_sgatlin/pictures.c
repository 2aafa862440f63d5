#include "chapters/06_sgatlin/pictures.h"
#include "chapters/diagram.h"
#include <math.h>
#include <stdio.h>

// From the upper left corner of the picture: the cells of the table of sums, and of the selected
// neurons.
static const float TABLE_X = 500, TABLE_Y = 158, CELL_W = 76, CELL_H = 44;
static const float NEURONS_Y = 436, ROW = 40, OUT_X = 544, OUT_W = 62;

static void draw_column(DrawList *list, float x, float y, float height, const double *values,
                        int count) {
    for (int i = 0; i < count; i++)
        diagram_numbers(list, (Rect){ x, y + height * (float)i, 68, height - 4 }, values + i, 1);
}

static void draw_query(DrawList *list, const double *x, const SgatlinToken *saved,
                       const Sgatlin *s) {
    const float middle = TABLE_Y + 2 * CELL_H;
    char text[32];
    snprintf(text, sizeof text, "x [%d]", s->D);
    diagram_text(list, 73, middle - 132, DIAGRAM_TEXT, COLOR_TEXT, text);
    draw_column(list, 40, middle - 114, 38, x, s->D);
    diagram_arrow(list, 110, middle, 142, middle, 2, COLOR_TEXT);
    snprintf(text, sizeof text, "[%d,%d]", s->D, s->Dk);
    diagram_box(list, (Rect){ 148, middle - 34, 76, 68 }, COLOR_TEXT, "Wq", text);
    diagram_arrow(list, 226, middle, 250, middle, 2, COLOR_TEXT);
    diagram_text(list, 289, middle - 58, DIAGRAM_TEXT, COLOR_TEXT, "query");
    draw_column(list, 256, middle - 40, 40, saved->query, s->Dk);
    diagram_arrow(list, 326, middle, 346, middle, 2, COLOR_TEXT);
    diagram_box(list, (Rect){ 352, middle - 34, 48, 68 }, COLOR_TEXT, "Wk", NULL);
}

// Whether neuron f was selected.
static bool is_selected(const SgatlinToken *saved, int f, const Sgatlin *s) {
    for (int k = 0; k < s->K; k++) {
        if (saved->index[k] == f) return true;
    }
    return false;
}

// The two lists of sub-scores, and the table of their sums.
static void draw_table(DrawList *list, const SgatlinToken *saved, const Sgatlin *s) {
    const int n = sgatlin_keys(s);
    const double *rows = saved->scores, *columns = saved->scores + n;
    diagram_arrow(list, 402, TABLE_Y + 2 * CELL_H, 418, TABLE_Y + 2 * CELL_H, 2, COLOR_TEXT);
    draw_line(list, 376, TABLE_Y + 2 * CELL_H - 36, 376, TABLE_Y - 29, 2, COLOR_TEXT);
    diagram_arrow(list, 376, TABLE_Y - 29, TABLE_X - 8, TABLE_Y - 29, 2, COLOR_TEXT);
    draw_column(list, 424, TABLE_Y, CELL_H, rows, n);
    diagram_numbers(list, (Rect){ TABLE_X, TABLE_Y - 48, CELL_W * (float)n, 38 }, columns, n);
    for (int f = 0; f < s->F; f++) {
        const double sum = rows[f / n] + columns[f % n];
        const Rect cell = { TABLE_X + CELL_W * (float)(f % n), TABLE_Y + CELL_H * (float)(f / n),
                            CELL_W - 3, CELL_H - 4 };
        char text[NUMBER_TEXT];
        bool selected = is_selected(saved, f, s);
        diagram_text(list, cell.x + cell.width / 2, cell.y + cell.height / 2, DIAGRAM_NOTE,
                     selected ? COLOR_ACCENT : COLOR_DIM, number_text(text, sum, 2));
        if (selected) draw_frame(list, cell, 2, COLOR_ACCENT);
    }
    float note = TABLE_X + CELL_W * (float)n + 14;
    draw_text(list, note, TABLE_Y - 40, DIAGRAM_NOTE, COLOR_DIM, "sub-scores");
    draw_text(list, note, TABLE_Y + 10, DIAGRAM_NOTE, COLOR_DIM, "sums: scores");
    char text[32];
    snprintf(text, sizeof text, "of %d neurons", s->F);
    draw_text(list, note, TABLE_Y + 34, DIAGRAM_NOTE, COLOR_DIM, text);
    snprintf(text, sizeof text, "the %d best", s->K);
    draw_text(list, note, TABLE_Y + 82, DIAGRAM_NOTE, COLOR_ACCENT, text);
}

static void draw_neurons(DrawList *list, const SgatlinToken *saved, const SgatlinWeights *w,
                         const Sgatlin *s) {
    static const char *const heads[] = { "neuron", "in · x", "score", "product" };
    const float column[] = { 172, 264, 362, 460 };
    for (int i = 0; i < 4; i++)
        diagram_text(list, column[i], NEURONS_Y - 22, DIAGRAM_NOTE, COLOR_DIM, heads[i]);
    diagram_text(list, OUT_X + 3 * OUT_W, NEURONS_Y - 22, DIAGRAM_NOTE, COLOR_DIM,
                 "out, which the product scales");
    for (int k = 0; k < s->K; k++) {
        const float y = NEURONS_Y + ROW * (float)k, middle = y + 17;
        const double product = sgatlin_activate(s->activation, saved->score[k] * saved->z[k]);
        const double *out = w->out + saved->index[k] * s->D;
        char text[16];
        snprintf(text, sizeof text, "%d", saved->index[k]);
        diagram_text(list, column[0], middle, DIAGRAM_TEXT, COLOR_ACCENT, text);
        diagram_numbers(list, (Rect){ column[1] - 34, y, 70, 34 }, &saved->z[k], 1);
        diagram_text(list, (column[1] + column[2]) / 2, middle, DIAGRAM_TEXT, COLOR_TEXT, "×");
        diagram_numbers(list, (Rect){ column[2] - 34, y, 70, 34 }, &saved->score[k], 1);
        diagram_text(list, (column[2] + column[3]) / 2, middle, DIAGRAM_TEXT, COLOR_TEXT, "=");
        diagram_numbers(list, (Rect){ column[3] - 34, y, 70, 34 }, &product, 1);
        diagram_text(list, (column[3] + OUT_X + 34) / 2, middle, DIAGRAM_TEXT, COLOR_TEXT, "×");
        diagram_numbers(list, (Rect){ OUT_X, y, OUT_W * (float)s->D, 34 }, out, s->D);
    }
}

bool layer_picture(const double *x, const double *y, const SgatlinToken *saved,
                   const SgatlinWeights *w, const Sgatlin *s, const char *path, Error *error) {
    const float end = NEURONS_Y + ROW * (float)s->K + 10, middle = NEURONS_Y + ROW * 1.5f - 2;
    const float x_end = TABLE_Y + 2 * CELL_H + 114;
    char title[96];
    snprintf(title, sizeof title, "From x to y: the router selects %d of %d neurons", s->K, s->F);
    DrawList list = diagram_new(960, (int)end + 64, title, NULL);
    draw_query(&list, x, saved, s);
    draw_table(&list, saved, s);
    // x goes to the neurons as well, and the table's sums are their scores
    draw_line(&list, 73, x_end, 73, middle, 2, COLOR_TEXT);
    diagram_arrow(&list, 73, middle, 142, middle, 2, COLOR_TEXT);
    draw_line(&list, TABLE_X + 76, TABLE_Y + 4 * CELL_H + 4, TABLE_X + 76, NEURONS_Y - 58, 2,
              COLOR_ACCENT);
    draw_line(&list, TABLE_X + 76, NEURONS_Y - 58, 362, NEURONS_Y - 58, 2, COLOR_ACCENT);
    diagram_arrow(&list, 362, NEURONS_Y - 58, 362, NEURONS_Y - 36, 2, COLOR_ACCENT);
    draw_neurons(&list, saved, w, s);
    diagram_text(&list, (460 + OUT_X + 34) / 2, end + 17, DIAGRAM_TEXT, COLOR_TEXT, "y =");
    draw_text_right(&list, 460, end + 6, DIAGRAM_NOTE, COLOR_DIM, "the sum of the rows");
    diagram_numbers(&list, (Rect){ OUT_X, end, OUT_W * (float)s->D, 34 }, y, s->D);
    draw_frame(&list, (Rect){ OUT_X - 3, end - 3, OUT_W * (float)s->D + 3, 40 }, 2, COLOR_TEXT);
    return diagram_write(&list, path, error);
}

// ---- how a neuron leaves

enum { STEPS = 1201 };
static const double JUMP_AT = 0.6, JUMP_END = 1.2;

// Two neurons with relu: one is silent right of JUMP_AT, the other one left of it.
static void relu_curves(double y[2][STEPS], const double x[STEPS]) {
    for (int i = 0; i < STEPS; i++) {
        y[0][i] = x[i] > JUMP_AT ? NAN : sgatlin_activate(RELU, JUMP_AT - x[i]);
        y[1][i] = x[i] < JUMP_AT ? NAN : sgatlin_activate(RELU, 1.5 * (x[i] - JUMP_AT));
    }
}

// A layer of two neurons, of which one is selected, for the token (x, 1): neuron 0 has the score
// 1.2 - x and says it, neuron 1 has the score x and says x·x.
static void sgatlin_curves(double y[2][STEPS], const double x[STEPS]) {
    const Sgatlin s = { .router = DENSE, .D = 2, .F = 2, .C = 1, .K = 1, .Dk = 2 };
    double query[] = { 1, 0, 0, 1 }, keys[] = { -1, 1, 2 * JUMP_AT, 0 }, in[] = { 0, 1, 1, 0 };
    double out[] = { 1, 0, 1, 0 }, block[8], answer[2];
    int index, scratch[2];
    const SgatlinWeights w = { { query, keys }, in, out };
    const SgatlinToken saved = sgatlin_token(block, &index, &s);
    for (int i = 0; i < STEPS; i++) {
        sgatlin_forward(answer, &saved, scratch, (double[]){ x[i], 1 }, &w, &s);
        y[0][i] = index == 0 ? answer[0] : NAN;
        y[1][i] = index == 1 ? answer[0] : NAN;
    }
}

static void draw_neurons_along(DrawList *list, float left, const double x[STEPS],
                               double y[2][STEPS], const char *title, bool jumps) {
    const Plot plot = { { left, 150, 360, 300 }, 0.0, JUMP_END, 0.0, 1.5, false };
    const float border = plot_x(&plot, JUMP_AT);
    plot_axes(list, &plot, "x", "answer");
    diagram_text(list, left + 180, 106, DIAGRAM_TEXT, COLOR_TEXT, title);
    diagram_dashes(list, border, plot_y(&plot, 0.0), border, plot_y(&plot, 1.5), COLOR_DIM);
    plot_curve(list, &plot, x, y[0], STEPS, COLOR_ACCENT);
    plot_curve(list, &plot, x, y[1], STEPS, color_class(1));
    for (int i = 0; jumps && i < 2; i++) { // where the two curves end
        char text[NUMBER_TEXT];
        int end = i == 0 ? STEPS / 2 : STEPS / 2 + 1;
        plot_mark(list, &plot, x[end], y[i][end], i == 0 ? COLOR_ACCENT : color_class(1),
                  number_text(text, y[i][end], 2), i == 0 ? -10 : 12, 24);
    }
}

bool jump_picture(const char *picture, Error *error) {
    double x[STEPS], y[2][STEPS];
    for (int i = 0; i < STEPS; i++) x[i] = JUMP_END * i / (STEPS - 1);
    DrawList list = diagram_new(960, 540, "How one neuron makes way for another", NULL);
    relu_curves(y, x);
    draw_neurons_along(&list, 92, x, y, "relu: both are silent there", false);
    sgatlin_curves(y, x);
    draw_neurons_along(&list, 556, x, y, "sgatlin, K = 1: their scores are equal there", true);
    return diagram_write(&list, picture, error);
}
