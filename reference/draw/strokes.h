#ifndef REFERENCE_DRAW_STROKES_H
#define REFERENCE_DRAW_STROKES_H
#include <stdint.h>

// The built-in font: stb_easy_font's strokes, ASCII only. Glyphs fit in STROKES x STROKES units; a
// capital is 7 units tall and sits on the line y = 7, and text lines are 12 units apart.
enum { STROKES = 16 };

// Units to the next character.
int strokes_advance(char character);
// Coverage of a character drawn at `scale` pixels per unit: ink [height,width], 0 to 255. The
// corner of the first pixel is (left, top), in pixels from the upper left corner of the character.
void strokes_paint(uint8_t *ink, int width, int height, char character, double scale, double left,
                   double top);
#endif
