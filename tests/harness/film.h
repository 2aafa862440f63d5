#ifndef TESTS_HARNESS_FILM_H
#define TESTS_HARNESS_FILM_H
#include "reference/draw/color.h"
#include <stdbool.h>
#include <stdint.h>

// What an animated PNG shows, read without the code that wrote it: a reader of the files of
// reference/draw/animation.h, after https://www.w3.org/TR/png-3/

enum { FILM_FRAMES = 64 };

typedef struct {
    int x, y, width, height;
} Area;

typedef struct {
    int width, height, count;
    Color palette[256];
    uint8_t *canvas;             // [height,width] palette entries, as frames are drawn
    uint32_t *pixels;            // [count,height,width] colors
    Area areas[FILM_FRAMES];     // that changed
    double seconds[FILM_FRAMES]; // that the frames are shown
    int frame;                   // whose control was read last
    bool control, drawn, ended;  // it has not been drawn yet; it has; IEND was read
    uint32_t sequence;           // of the next numbered chunk
} Film;

// Fails the running test where a chunk's length, checksum, place or content is not as expected.
Film film_read(const char *path);
void film_free(Film *film);
#endif
