#ifndef REFERENCE_DRAW_PICTURE_H
#define REFERENCE_DRAW_PICTURE_H
#include "reference/draw/color.h"
#include "reference/io/error.h"
#include <stdint.h>

// A canvas of 8-bit RGB. Drawing outside of it is clipped. Coordinates are pixels from the upper
// left corner.
typedef struct {
    int width, height;
    uint8_t *rgb; // [height,width,3]
} Picture;

bool picture_new(Picture *out, int width, int height, Error *error); // filled with COLOR_BACKGROUND
void picture_free(Picture *picture);

void picture_fill(Picture *picture, int x, int y, int width, int height, Color color);
// Puts `part` into the picture, its upper left corner at (x, y).
void picture_copy(Picture *picture, int x, int y, const Picture *part);
// Anti-aliased, with round ends. Coordinates of pixel centres end in .5.
void picture_line(Picture *picture, double x0, double y0, double x1, double y1, double thickness,
                  Color color);

// Text with its upper left corner at (x, y). scale 1 is 7 pixels for a capital, 12 from line to
// line; 2 reads well. ASCII; control characters (a line's end too) are shown as a space, others as
// '?'. Returns the x behind
// the last character.
int picture_text(Picture *picture, int x, int y, double scale, Color color, const char *text);
int text_width(const char *text, double scale);

// The whole file or nothing (see OutputFile).
bool picture_write_png(const Picture *picture, const char *path, Error *error);
#endif
