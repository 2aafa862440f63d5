#include "reference/numbers/array.h"
#include "visualizer/view.h"

void hit_add_cells(HitList *hits, Rect rect, Target target, int rows, int columns) {
    Hit *items =
        array_grow(hits->items, &hits->capacity, (size_t)hits->count + 1, sizeof *hits->items);
    hits->failed |= items == NULL;
    if (items == NULL) return;
    hits->items = items;
    hits->items[hits->count++] = (Hit){ rect, target, rows, columns };
}

void hit_add(HitList *hits, Rect rect, Target target) { hit_add_cells(hits, rect, target, 1, 1); }

Target hit_find(const HitList *hits, float x, float y) {
    for (int i = hits->count - 1; i >= 0; i--) {
        const Hit *hit = &hits->items[i];
        float right = x - hit->rect.x, down = y - hit->rect.y;
        if (right < 0 || down < 0 || right >= hit->rect.width || down >= hit->rect.height) continue;
        int column = (int)(right / hit->rect.width * (float)hit->columns);
        int row = (int)(down / hit->rect.height * (float)hit->rows);
        Target target = hit->target;
        target.index += row * hit->columns + column;
        return target;
    }
    return (Target){ TARGET_NONE, 0, 0, 0 };
}
