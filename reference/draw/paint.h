#ifndef REFERENCE_DRAW_PAINT_H
#define REFERENCE_DRAW_PAINT_H
#include "reference/draw/draw.h"
#include "reference/draw/picture.h"

// Paints a list over the whole picture, on COLOR_BACKGROUND. The picture keeps its size. False: the
// list or its font ran out of memory; what was painted then lacks something.
bool paint_list(Picture *picture, const DrawList *list, Error *error);

// Those with left <= x < right and top <= y < bottom.
typedef struct {
    int left, top, right, bottom;
} Pixels;

// Paints only these pixels, which are then those of paint_list; all others stay as they are.
bool paint_region(Picture *picture, const DrawList *list, Pixels region, Error *error);
// A command that is not a clip changes no pixel outside of these; a clip leaves exactly these.
Pixels paint_bounds(const DrawCommand *command);

// Paints a list into a PNG of the list's size; the whole file or nothing (see OutputFile).
bool paint_png(const DrawList *list, const char *path, Error *error);
#endif
