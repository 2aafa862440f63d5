#ifndef TESTS_HARNESS_DRAWN_H
#define TESTS_HARNESS_DRAWN_H
#include "reference/draw/draw.h"

// What a draw list contains.

int drawn_count(const DrawList *list, DrawKind kind);
// The first text that says exactly this; false: none.
bool drawn_text(DrawCommand *out, const DrawList *list, const char *text);
// Commands of a kind and a color that lie in `area` with all they cover (of lines: both ends).
int drawn_inside(const DrawList *list, DrawKind kind, Color color, Rect area);
#endif
