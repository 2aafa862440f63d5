#include "reference/draw/strokes.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_easy_font.h>
#pragma GCC diagnostic pop

// The font's glyphs are staircases of unit squares. EPX doubles them three times, which rounds the
// stairs; averaging then brings them to the size asked for.
enum { DOUBLINGS = 3, FINE = STROKES << DOUBLINGS };

typedef struct {
    uint8_t ink[FINE][FINE];
} Bitmap;

static int clamp(int x, int low, int high) {
    if (x < low) return low;
    return x > high ? high : x;
}

int strokes_advance(char character) { return stb_easy_font_width((char[]){ character, '\0' }); }

// Draws into the upper left STROKES x STROKES cells, one cell away from the edges, so that all ink
// has neighbours for EPX.
static void draw_units(Bitmap *bitmap, char character) {
    float corners[64][4][4]; // x, y, z, color of four corners
    char text[2] = { character, '\0' };
    int rectangles = stb_easy_font_print(1, 1, text, NULL, corners, sizeof corners);
    memset(bitmap, 0, sizeof *bitmap);
    for (int i = 0; i < rectangles; i++) {
        int right = clamp((int)corners[i][2][0], 0, STROKES);
        int bottom = clamp((int)corners[i][2][1], 0, STROKES);
        for (int y = (int)corners[i][0][1]; y < bottom; y++) {
            for (int x = (int)corners[i][0][0]; x < right; x++) bitmap->ink[y][x] = 1;
        }
    }
}

// EPX: a cell becomes four. A corner takes the color of its two neighbours where those agree and
// the opposite ones do not.
static void double_size(Bitmap *bitmap, int size) {
    Bitmap from = *bitmap;
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            uint8_t self = from.ink[y][x];
            uint8_t up = y > 0 ? from.ink[y - 1][x] : 0;
            uint8_t down = y + 1 < size ? from.ink[y + 1][x] : 0;
            uint8_t left = x > 0 ? from.ink[y][x - 1] : 0;
            uint8_t right = x + 1 < size ? from.ink[y][x + 1] : 0;
            bool edge = up != down && left != right;
            bitmap->ink[2 * y][2 * x] = edge && up == left ? up : self;
            bitmap->ink[2 * y][2 * x + 1] = edge && up == right ? up : self;
            bitmap->ink[2 * y + 1][2 * x] = edge && down == left ? down : self;
            bitmap->ink[2 * y + 1][2 * x + 1] = edge && down == right ? down : self;
        }
    }
}

// The share of ink in the square of `side` fine cells whose corner is (x, y).
static double coverage(const Bitmap *bitmap, double x, double y, double side) {
    double ink = 0.0;
    for (int row = clamp((int)floor(y), 0, FINE); row < FINE && row < y + side; row++) {
        double height = fmin(row + 1, y + side) - fmax(row, y);
        for (int column = clamp((int)floor(x), 0, FINE); column < FINE && column < x + side;
             column++) {
            double width = fmin(column + 1, x + side) - fmax(column, x);
            if (bitmap->ink[row][column]) ink += height * width;
        }
    }
    return ink / (side * side);
}

void strokes_paint(uint8_t *ink, int width, int height, char character, double scale, double left,
                   double top) {
    Bitmap bitmap;
    draw_units(&bitmap, character);
    for (int i = 0; i < DOUBLINGS; i++) double_size(&bitmap, STROKES << i);
    double side = (1 << DOUBLINGS) / scale; // of a pixel, in fine cells
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            // the bitmap starts one unit left of and above the character
            double share =
                coverage(&bitmap, (left + x + scale) * side, (top + y + scale) * side, side);
            *ink++ = (uint8_t)lround(255 * fmin(1.0, share));
        }
    }
}
