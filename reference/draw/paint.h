#ifndef REFERENCE_DRAW_PAINT_H
#define REFERENCE_DRAW_PAINT_H
#include "reference/draw/draw.h"
#include "reference/draw/picture.h"

// Paints a list over the whole picture, on COLOR_BACKGROUND. The picture keeps its size. False: the
// list or its font ran out of memory; what was painted then lacks something.
bool paint_list(Picture *picture, const DrawList *list, Error *error);

// Paints a list into a PNG of the list's size; the whole file or nothing (see OutputFile).
bool paint_png(const DrawList *list, const char *path, Error *error);
#endif
