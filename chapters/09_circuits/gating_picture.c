#include "chapters/09_circuits/gating_picture.h"
#include "reference/draw/paint.h"
#include <math.h>

enum { CELL = 13, GAP = 32, LEFT = 24, TOP = 76, TITLE = 46, MAX_CELLS = 1024 };

static void draw_gating(DrawList *list, Rect area, const double *scores, const int *indices, int K,
                        int n, double most) {
    float cells[MAX_CELLS];
    for (int f = 0; f < n * n; f++) cells[f] = NAN;
    for (int k = 0; k < K; k++) cells[indices[k]] = (float)scores[k];
    draw_cells(list, area, n, n, cells, 0, (float)most);
}

bool gating_picture_write(const char *path, const GatingRow *rows, int count,
                          const char *const *columns, int gatings, int K, int n, double most,
                          Error *error) {
    if (n * n > MAX_CELLS) return fail(error, "%s: %d x %d neurons are too many", path, n, n);
    int side = n * CELL;
    DrawList list =
        draw_new(gatings * (side + GAP) + LEFT, TOP + count * (side + TITLE), font_find());
    draw_round_rect(&list, (Rect){ 8, 8, (float)list.width - 16, (float)list.height - 16 }, 6,
                    COLOR_PANEL);
    for (int column = 0; column < gatings; column++) {
        float left = LEFT + (float)(column * (side + GAP));
        draw_text(&list, left, 18, TEXT_SMALL, COLOR_DIM, columns[column]);
        for (int row = 0; row < count; row++) {
            Rect area = { left, TOP + (float)(row * (side + TITLE)), (float)side, (float)side };
            if (column == 0)
                draw_text(&list, left, area.y - 22, TEXT_NORMAL, COLOR_TEXT, rows[row].title);
            draw_gating(&list, area, rows[row].scores + column * K, rows[row].indices + column * K,
                        K, n, most);
        }
    }
    bool ok = paint_png(&list, path, error);
    draw_free(&list);
    return ok;
}
