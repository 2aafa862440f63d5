#ifndef REFERENCE_DRAW_PICTURE_H
#define REFERENCE_DRAW_PICTURE_H
#include "reference/io/error.h"
#include <stdint.h>

// Pixels of 8-bit RGB, which a draw list is painted into (paint.h).
typedef struct {
    int width, height;
    uint8_t *rgb; // [height,width,3]
} Picture;

bool picture_new(Picture *out, int width, int height, Error *error); // black; sides of 1 to 16384
void picture_free(Picture *picture);

// The whole file or nothing (see OutputFile).
bool picture_write_png(const Picture *picture, const char *path, Error *error);
#endif
