#include "chapters/10_patching/pictures.h"
#include "reference/draw/paint.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static DrawList new_picture(int width, int height, const char *title) {
    DrawList list = draw_new(width, height, font_find());
    draw_round_rect(&list, (Rect){ 8, 8, (float)width - 16, (float)height - 16 }, 6, COLOR_PANEL);
    draw_text(&list, 24, 20, TEXT_LARGE, COLOR_TEXT, title);
    return list;
}

static bool finish(DrawList *list, const char *path, Error *error) {
    bool ok = paint_png(list, path, error);
    draw_free(list);
    return ok;
}

// ---- controls

enum { NAMES = 200, BAR = 14, ROW = 44, FULL = 560 }; // FULL: a bar of 1

static void draw_bar(DrawList *list, float y, double value, Color color) {
    char text[24];
    float width = (float)(FULL * fmax(value, 0.0));
    draw_rect(list, (Rect){ NAMES + 24, y, width, BAR }, color);
    snprintf(text, sizeof text, "%.2f", value);
    draw_text(list, NAMES + 32 + width, y - 2, TEXT_SMALL, COLOR_DIM, text);
}

bool draw_controls(const char *path, const char *const *names, const EffectSums *rows, int count,
                   Error *error) {
    DrawList list = new_picture(860, 124 + count * ROW,
                                "448 pairs: what replaces the gating of layer 1 at the color");
    draw_rect(&list, (Rect){ NAMES + 24, 62, BAR, BAR }, color_class(1));
    draw_text(&list, NAMES + 46, 60, TEXT_SMALL, COLOR_TEXT, "normalised indirect effect");
    draw_rect(&list, (Rect){ NAMES + 264, 62, BAR, BAR }, COLOR_ACCENT);
    draw_text(&list, NAMES + 286, 60, TEXT_SMALL, COLOR_TEXT, "share: the other's thing first");
    for (int i = 0; i < count; i++) {
        float y = (float)(96 + i * ROW);
        draw_text_right(&list, NAMES + 12, y + 6, TEXT_NORMAL, COLOR_TEXT, names[i]);
        draw_bar(&list, y, mean_effect(&rows[i]), color_class(1));
        draw_bar(&list, y + BAR + 2, (double)rows[i].firsts / rows[i].pairs, COLOR_ACCENT);
    }
    return finish(&list, path, error);
}

// ---- places

enum { CELL = 46, LABELS = 70, PANEL = LABELS + PLACES_T * CELL + 24, TALL = PLACES_L * CELL + 84 };

static void draw_panel(DrawList *list, const PlacesPanel *panel, float x, float y) {
    draw_text(list, x, y, TEXT_NORMAL, COLOR_TEXT, panel->title);
    float left = x + LABELS, top = y + 26;
    draw_cells(list, (Rect){ left, top, (float)(panel->T * CELL), PLACES_L * CELL }, PLACES_L,
               panel->T, panel->share, 0, 1);
    for (int l = 0; l < PLACES_L; l++) {
        char text[24];
        float row = top + (float)(l * CELL);
        snprintf(text, sizeof text, "layer %d", l + 1);
        draw_text_right(list, left - 8, row + 14, TEXT_SMALL, COLOR_DIM, text);
        for (int t = 0; t < panel->T; t++) {
            float share = panel->share[l * panel->T + t];
            snprintf(text, sizeof text, "%.0f%%", 100.0 * (double)share);
            draw_text_center(list, left + ((float)t + 0.5f) * CELL, row + 14, TEXT_SMALL,
                             share > 0.5f ? COLOR_BACKGROUND : COLOR_TEXT, text);
        }
    }
    for (int t = 0; t < panel->T; t++) {
        draw_text_center(list, left + ((float)t + 0.5f) * CELL, top + PLACES_L * CELL + 6,
                         TEXT_SMALL, COLOR_TEXT, panel->words[t]);
    }
}

bool draw_places(const char *path, const PlacesPanel *panels, int rows, int columns, Error *error) {
    DrawList list = new_picture(columns * PANEL + 40, rows * TALL + 64,
                                "the other's word comes first: by layer and position of the patch");
    for (int i = 0; i < rows * columns; i++) {
        float x = (float)(24 + i % columns * PANEL), y = (float)(64 + i / columns * TALL);
        draw_panel(&list, &panels[i], x, y);
    }
    return finish(&list, path, error);
}

// ---- terms

bool draw_terms(const char *path, const char *title, const char (*names)[64], const double *values,
                int count, Error *error) {
    enum { LEFT = 290, ZERO = LEFT + 60, STEP = 26, WIDE = 330 };
    double largest = 0.0;
    for (int i = 0; i < count; i++) largest = fmax(largest, fabs(values[i]));
    DrawList list = new_picture(780, 80 + count * STEP, title);
    for (int i = 0; i < count; i++) {
        char text[24];
        float y = (float)(60 + i * STEP), width = (float)(WIDE * fabs(values[i]) / largest);
        bool positive = values[i] >= 0.0;
        draw_text_right(&list, LEFT - 10, y, TEXT_SMALL, COLOR_TEXT, names[i]);
        draw_rect(&list, (Rect){ positive ? ZERO : ZERO - width, y, width, STEP - 8 },
                  positive ? COLOR_ACCENT : color_class(5));
        snprintf(text, sizeof text, "%+.2f", values[i]);
        draw_text(&list, ZERO + (positive ? width : 0) + 8, y, TEXT_SMALL, COLOR_DIM, text);
    }
    return finish(&list, path, error);
}
