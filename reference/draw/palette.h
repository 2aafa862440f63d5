#ifndef REFERENCE_DRAW_PALETTE_H
#define REFERENCE_DRAW_PALETTE_H
#include "reference/draw/color.h"

enum { RGB_COLORS = 1 << 24 };

// Chooses at most `most` (1 to 256) colors that stand for all that are used. pixels [RGB_COLORS] is
// the number of pixels of each color, and afterwards, of each used color, the position in `out` of
// the nearest chosen one. Returns how many were chosen; 0: none is used, or out of memory.
//
// Where `most` suffice, each color stands for itself. Otherwise similar ones are grouped (median
// cut), and the color that most pixels of a group have is chosen: large flat areas keep theirs.
int palette_choose(Color *out, int most, uint32_t *pixels);
#endif
