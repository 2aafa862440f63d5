#include "chapters/09_circuits/map_picture.h"
#include "reference/draw/paint.h"
#include <math.h>

enum { ACROSS = 3, PANEL = 300, LEFT = 24, TOP = 64, HIGH = PANEL + 40, DOT = 4 };

static void draw_points(DrawList *list, const MapPanel *panel, int N, float left, float top) {
    const double *y = panel->y;
    double low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
    for (int i = 0; i < 2 * N; i++) {
        low[i % 2] = fmin(low[i % 2], y[i]);
        high[i % 2] = fmax(high[i % 2], y[i]);
    }
    double scale = PANEL / fmax(high[0] - low[0], high[1] - low[1]);
    for (int i = 0; i < N; i++) {
        int class = panel->classes[i];
        float x = left + (float)(scale * (y[2 * i] - low[0]));
        float down = top + (float)(scale * (y[2 * i + 1] - low[1]));
        draw_line(list, x, down, x, down, DOT, class < 0 ? COLOR_FAINT : color_class(class));
    }
}

static void draw_legend(DrawList *list, const char *const *class_names, int classes) {
    float x = LEFT;
    for (int class = 0; class < classes; class ++) {
        draw_line(list, x + 4, 26, x + 4, 26, 8, color_class(class));
        x = draw_text(list, x + 14, 18, TEXT_SMALL, COLOR_TEXT, class_names[class]) + 18;
    }
}

bool map_picture_write(const char *path, const MapPanel *panels, int count, int N,
                       const char *const *class_names, int classes, Error *error) {
    int rows = (count + ACROSS - 1) / ACROSS;
    DrawList list = draw_new(ACROSS * (PANEL + LEFT) + LEFT, TOP + rows * HIGH + 8, font_find());
    draw_round_rect(&list, (Rect){ 8, 8, (float)list.width - 16, (float)list.height - 16 }, 6,
                    COLOR_PANEL);
    draw_legend(&list, class_names, classes);
    for (int p = 0; p < count; p++) {
        float left = LEFT + (float)(p % ACROSS * (PANEL + LEFT)),
              top = TOP + (float)(p / ACROSS * HIGH);
        draw_text(&list, left, top - 14, TEXT_SMALL, COLOR_DIM, panels[p].title);
        draw_points(&list, &panels[p], N, left, top + 14);
    }
    bool ok = paint_png(&list, path, error);
    draw_free(&list);
    return ok;
}
