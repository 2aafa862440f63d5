#ifndef REFERENCE_DRAW_ANIMATION_H
#define REFERENCE_DRAW_ANIMATION_H
#include "reference/draw/picture.h"

// An animated PNG (APNG): pictures that are shown one after the other, forever. A viewer that knows
// PNG only shows the first.
//
// All frames share a palette. Up to ANIMATION_COLORS colors are exact; of more, similar ones become
// one (palette.h). A frame has the rectangle in which it differs from the one before, and in it
// only the pixels that differ: the others are transparent. Memory is needed for changes only.
typedef struct Animation Animation;

enum { ANIMATION_COLORS = 255 }; // one of 256 is the transparent one

// Of frames of this size; sides of 1 to 16384. NULL: it cannot be written there, or out of memory.
Animation *animation_open(const char *path, int width, int height, Error *error);
// A frame shown for `seconds`, above 0 and up to 65535. One that equals the last prolongs it.
bool animation_add(Animation *animation, const Picture *frame, double seconds, Error *error);
// Writes the whole file or nothing (see OutputFile), and frees the animation in any case.
bool animation_commit(Animation *animation, Error *error);
void animation_discard(Animation *animation);
#endif
