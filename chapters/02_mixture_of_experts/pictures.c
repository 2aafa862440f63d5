#include "chapters/02_mixture_of_experts/pictures.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/diagram.h"
#include "reference/numbers/minmax.h"
#include <stdio.h>

// ---- softmax

enum { LOGITS = 4 };

// Bars with their values, which stand on y = bottom; 1 is `unit` tall.
static void draw_values(DrawList *list, float x, float bottom, float unit, const double *values,
                        int decimals, Color color) {
    for (int i = 0; i < LOGITS; i++) {
        float left = x + 50 * (float)i, height = unit * (float)values[i];
        char text[NUMBER_TEXT];
        diagram_bar(list, left, bottom, 38, height, color);
        diagram_text(list, left + 19, bottom - height + (values[i] < 0 ? 14.0f : -14.0f),
                     DIAGRAM_NOTE, COLOR_TEXT, number_text(text, values[i], decimals));
    }
}

bool softmax_picture(const char *picture, Error *error) {
    static const double logits[LOGITS] = { 2, 1, 0, -1 }, factors[] = { 0.5, 1, 3 };
    static const char *const names[] = { "softmax of half of them", "softmax of them",
                                         "softmax of three times them" };
    const float bottom = 330;
    DrawList list = diagram_new(960, 400, "Softmax turns logits into shares that add up to 1",
                                "the larger the differences, the surer it is");
    draw_values(&list, 40, bottom - 66, 66, logits, 0, COLOR_DIM);
    draw_rect(&list, (Rect){ 36, bottom - 66, 196, 1 }, COLOR_DIM);
    diagram_text(&list, 135, bottom + 36, DIAGRAM_NOTE, COLOR_TEXT, "four logits");
    for (int i = 0; i < 3; i++) {
        const float x = 260 + 228 * (float)i;
        double p[LOGITS];
        for (int j = 0; j < LOGITS; j++) p[j] = factors[i] * logits[j];
        softmax_row(p, p, LOGITS);
        draw_values(&list, x + 8, bottom, 190, p, 2, color_class(1));
        draw_rect(&list, (Rect){ x + 4, bottom, 196, 1 }, COLOR_DIM);
        diagram_text(&list, x + 102, bottom + 36, DIAGRAM_NOTE, COLOR_TEXT, names[i]);
    }
    return diagram_write(&list, picture, error);
}

// ---- from a token to its experts

static const float ROW = 50, TOP = 136;

// Where the expert is among the K of token 0; -1: it was not chosen.
static int rank_of(const MoeGating *gating, int expert) {
    for (int i = gating->start[0]; i < gating->start[1]; i++) {
        if (gating->index[i] == expert) return i;
    }
    return -1;
}

static void draw_expert(DrawList *list, const MoeTokens *tokens, int expert, float sum_y) {
    const int entry = rank_of(&tokens->gating, expert);
    const Color color = entry < 0 ? COLOR_DIM : COLOR_ACCENT;
    const float y = TOP + ROW * (float)expert, middle = y + 19;
    char text[NUMBER_TEXT];
    draw_line(list, 268, sum_y, 312, middle, entry < 0 ? 1 : 2, color);
    number_text(text, tokens->logits[expert], 2);
    draw_text_right(list, 376, middle - 12, DIAGRAM_TEXT, entry < 0 ? COLOR_DIM : COLOR_TEXT, text);
    diagram_bar(list, 404, y + 31, 130 * (float)tokens->p[expert], 24, color);
    snprintf(text, sizeof text, "%.2f", tokens->p[expert]);
    draw_text(list, 412 + 130 * (float)tokens->p[expert], middle - 12, DIAGRAM_TEXT,
              entry < 0 ? COLOR_DIM : COLOR_TEXT, text);
    snprintf(text, sizeof text, "expert %d", expert);
    if (entry < 0) {
        draw_round_rect(list, (Rect){ 580, y, 120, 38 }, 8, COLOR_EMPTY);
        diagram_text(list, 640, middle, DIAGRAM_TEXT, COLOR_DIM, text);
        return;
    }
    diagram_arrow(list, 534, middle, 574, middle, 2, color);
    diagram_box(list, (Rect){ 580, y, 120, 38 }, color, text, NULL);
    snprintf(text, sizeof text, "× %.2f", tokens->gating.weight[entry]);
    draw_text(list, 710, middle - 12, DIAGRAM_TEXT, COLOR_TEXT, text);
    diagram_arrow(list, 774, middle, 834, sum_y, 2, color);
}

bool router_picture(const MoeTokens *tokens, const Moe *m, const char *path, Error *error) {
    const float bottom = TOP + ROW * (float)m->E, middle = (TOP + bottom) / 2 - 6;
    char title[96], text[64];
    snprintf(title, sizeof title, "A router sends a token to %d of %d experts", m->K, m->E);
    DrawList list = diagram_new(960, (int)bottom + 40, title, NULL);
    snprintf(text, sizeof text, "[%d]", m->D);
    diagram_box(&list, (Rect){ 32, middle - 32, 70, 64 }, COLOR_TEXT, "x", text);
    diagram_arrow(&list, 104, middle, 146, middle, 2, COLOR_TEXT);
    snprintf(text, sizeof text, "[%d,%d]", m->D, m->E);
    diagram_box(&list, (Rect){ 152, middle - 40, 110, 80 }, COLOR_TEXT, "router", text);
    draw_text_right(&list, 376, TOP - 34, DIAGRAM_NOTE, COLOR_DIM, "logits");
    draw_text(&list, 404, TOP - 34, DIAGRAM_NOTE, COLOR_DIM, "p = softmax");
    diagram_text(&list, 640, TOP - 23, DIAGRAM_NOTE, COLOR_DIM, "glu of x");
    diagram_text(&list, 740, TOP - 23, DIAGRAM_NOTE, COLOR_DIM, "weight");
    for (int e = 0; e < m->E; e++) draw_expert(&list, tokens, e, middle);
    diagram_box(&list, (Rect){ 840, middle - 20, 40, 40 }, COLOR_TEXT, "+", NULL);
    diagram_arrow(&list, 882, middle, 904, middle, 2, COLOR_TEXT);
    diagram_text(&list, 920, middle, DIAGRAM_TITLE, COLOR_TEXT, "y");
    return diagram_write(&list, path, error);
}

// ---- a gating, as lists and as a table

// A row of whole numbers, with a name to its left.
static void draw_ints(DrawList *list, float y, const char *name, const int *values, int count,
                      float width) {
    draw_text_right(list, 124, y + 6, DIAGRAM_NOTE, COLOR_TEXT, name);
    for (int i = 0; i < count; i++) {
        char text[16];
        const Rect cell = { 140 + width * (float)i, y, width - 3, 34 };
        snprintf(text, sizeof text, "%d", values[i]);
        draw_round_rect(list, cell, 4, COLOR_EMPTY);
        diagram_text(list, cell.x + cell.width / 2, y + 17, DIAGRAM_NOTE, COLOR_TEXT, text);
    }
}

static void draw_lists(DrawList *list, const MoeGating *gating, float width) {
    const int entries = gating->start[gating->N];
    char text[32];
    for (int t = 0; t < gating->N; t++) {
        float first = 140 + width * (float)gating->start[t];
        float end = 140 + width * (float)gating->start[t + 1] - 3;
        snprintf(text, sizeof text, "token %d", t);
        diagram_text(list, (first + end) / 2, 176, DIAGRAM_NOTE, COLOR_TEXT, text);
        draw_rect(list, (Rect){ first, 190, end - first, 3 }, color_class(t));
    }
    draw_ints(list, 116, "start", gating->start, gating->N + 1, width);
    draw_ints(list, 200, "index", gating->index, entries, width);
    draw_text_right(list, 124, 244, DIAGRAM_NOTE, COLOR_TEXT, "weight");
    diagram_numbers(list, (Rect){ 140, 238, width * (float)entries, 34 }, gating->weight, entries);
}

static void draw_table(DrawList *list, const MoeGating *gating, int E, float width) {
    char text[32];
    for (int e = 0; e < E; e++) {
        snprintf(text, sizeof text, "expert %d", e);
        diagram_text(list, 140 + width * ((float)e + 0.5f), 330, DIAGRAM_NOTE, COLOR_DIM, text);
    }
    for (int t = 0; t < gating->N; t++) {
        double zero = 0.0;
        const float y = 350 + 38 * (float)t;
        snprintf(text, sizeof text, "token %d", t);
        draw_text_right(list, 124, y + 6, DIAGRAM_NOTE, COLOR_TEXT, text);
        for (int e = 0; e < E; e++)
            diagram_numbers(list, (Rect){ 140 + width * (float)e, y, width, 34 }, &zero, 1);
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) {
            const Rect cell = { 140 + width * (float)gating->index[i], y, width, 34 };
            diagram_numbers(list, cell, &gating->weight[i], 1);
            draw_frame(list, (Rect){ cell.x, y, width - 3, 34 }, 2, color_class(t));
        }
    }
}

bool gating_picture(const MoeGating *gating, int E, const char *path, Error *error) {
    const float width = 98;
    DrawList list = diagram_new(960, 376 + 38 * gating->N, "One gating, written in two ways",
                                "above as the program keeps it, in three lists; below as a sparse "
                                "vector per token, of which most is 0");
    draw_lists(&list, gating, width);
    draw_table(&list, gating, E, width);
    return diagram_write(&list, path, error);
}
