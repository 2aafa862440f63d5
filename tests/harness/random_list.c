#include "tests/harness/random_list.h"
#include "reference/numbers/random.h"
#include <math.h>

typedef struct {
    uint64_t key, next;
} Draws;

static int below(Draws *draws, int limit) {
    return (int)random_below(draws->key, draws->next++, (uint64_t)limit);
}

static float between(Draws *draws, double low, double high) {
    return (float)(low + (high - low) * random_uniform(draws->key, draws->next++));
}

static Color any_color(Draws *draws) { return (Color)below(draws, 1 << 24); }

static Rect any_rect(Draws *draws, Rect whole) {
    double far = below(draws, 40) == 0 ? 1e6 : 1;
    return (Rect){ between(draws, -0.2 * far, 1) * whole.width,
                   between(draws, -0.2 * far, 1) * whole.height,
                   between(draws, 0, below(draws, 3) == 0 ? far : 0.3) * whole.width,
                   between(draws, 0, below(draws, 3) == 0 ? far : 0.3) * whole.height };
}

static void any_curve(DrawList *list, Draws *draws) {
    Rect around = any_rect(draws, draw_whole(list));
    Color color = any_color(draws);
    float x = around.x, y = around.y, thickness = between(draws, 0.3, 7);
    for (int pieces = 1 + below(draws, 6); pieces > 0; pieces--) {
        float to_x = around.x + between(draws, 0, 1) * around.width;
        float to_y = around.y + between(draws, 0, 1) * around.height;
        draw_line(list, x, y, to_x, to_y, thickness, color);
        x = to_x;
        y = to_y;
    }
}

static void any_text(DrawList *list, Draws *draws) {
    static const char *const texts[] = { "jumping fog", "Éclair, ÅŨ", "\xff|", "g", "Once upon" };
    static const float sizes[] = { TEXT_SMALL, TEXT_NORMAL, TEXT_LARGE, 40, 5.3f };
    Rect at = any_rect(draws, draw_whole(list));
    draw_text(list, at.x, at.y, sizes[below(draws, 5)], any_color(draws), texts[below(draws, 5)]);
}

static void any_cells(DrawList *list, Draws *draws) {
    float values[600];
    int rows = 1 + below(draws, 20), columns = 1 + below(draws, 30);
    for (int i = 0; i < rows * columns; i++)
        values[i] = below(draws, 2) == 0 ? NAN : between(draws, 0, 1);
    Rect rect = any_rect(draws, draw_whole(list));
    if (below(draws, 2) == 0) rect.width /= 10; // cells thinner than a pixel
    draw_cells(list, rect, rows, columns, values, 0.1f, 0.9f);
}

void random_list(DrawList *list, const uint64_t *seeds, int count) {
    for (int i = 0; i < count; i++) {
        Draws draws = { random_key(seeds[i], "list"), 0 };
        Rect rect = any_rect(&draws, draw_whole(list));
        switch (below(&draws, 8)) {
        case 0: draw_rect(list, rect, any_color(&draws)); break;
        case 1: draw_round_rect(list, rect, 6, any_color(&draws)); break;
        case 2: any_curve(list, &draws); break;
        case 3:
        case 4: any_text(list, &draws); break;
        case 5: any_cells(list, &draws); break;
        case 6: draw_clip(list, rect); break;
        case 7: draw_clip(list, draw_whole(list)); break;
        }
    }
}
