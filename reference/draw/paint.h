#ifndef REFERENCE_DRAW_PAINT_H
#define REFERENCE_DRAW_PAINT_H
#include "reference/draw/draw.h"
#include "reference/draw/picture.h"
#include "reference/numbers/minmax.h"

// Paints a list over the whole picture, on COLOR_BACKGROUND. The picture keeps its size. False: the
// list or its font ran out of memory; what was painted then lacks something.
bool paint_list(Picture *picture, const DrawList *list, Error *error);

// Those with left <= x < right and top <= y < bottom.
typedef struct {
    int left, top, right, bottom;
} Pixels;

static inline Pixels pixels_common(Pixels a, Pixels b) {
    return (Pixels){ max_int(a.left, b.left), max_int(a.top, b.top), min_int(a.right, b.right),
                     min_int(a.bottom, b.bottom) };
}

static inline bool pixels_empty(Pixels pixels) {
    return pixels.left >= pixels.right || pixels.top >= pixels.bottom;
}

// Paints only the pixels of these regions, which are then those of paint_list; all others stay as
// they are. No two regions overlap.
bool paint_regions(Picture *picture, const DrawList *list, const Pixels *regions, int count,
                   Error *error);
// A command that is not a clip changes no pixel outside of these; a clip leaves exactly these.
Pixels paint_bounds(const DrawCommand *command);
// The columns and rows of the cells that may cover some of these pixels.
Pixels paint_cells_in(const DrawCommand *cells, Pixels pixels);

// Paints a list into a PNG of the list's size; the whole file or nothing (see OutputFile).
bool paint_png(const DrawList *list, const char *path, Error *error);
#endif
