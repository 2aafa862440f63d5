#include "reference/draw/picture.h"
#include "reference/io/files.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The one place that compiles stb.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wextra"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_easy_font.h>
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

bool picture_new(Picture *out, int width, int height, Error *error) {
    *out = (Picture){ 0 };
    if (width < 1 || height < 1 || width > 1 << 14 || height > 1 << 14) {
        return fail(error, "a picture of %d by %d pixels: wanted 1 to 16384 on either side", width,
                    height);
    }
    out->rgb = malloc((size_t)width * (size_t)height * 3);
    if (out->rgb == NULL)
        return fail(error, "a picture of %d by %d pixels: out of memory", width, height);
    out->width = width;
    out->height = height;
    picture_fill(out, 0, 0, width, height, COLOR_BACKGROUND);
    return true;
}

void picture_free(Picture *picture) {
    free(picture->rgb);
    *picture = (Picture){ 0 };
}

// Covers a share (0 .. 1) of one pixel; outside the picture nothing happens.
static void cover(Picture *picture, int x, int y, double share, Color color) {
    if (share <= 0.0 || x < 0 || y < 0 || x >= picture->width || y >= picture->height) return;
    uint8_t *at = picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
    if (share < 1.0)
        color = color_blend((Color)at[0] << 16 | (Color)at[1] << 8 | at[2], color, share);
    at[0] = (uint8_t)(color >> 16);
    at[1] = (uint8_t)(color >> 8);
    at[2] = (uint8_t)color;
}

static int clamp(int x, int low, int high) { return x < low ? low : x > high ? high : x; }

void picture_fill(Picture *picture, int x, int y, int width, int height, Color color) {
    int right = clamp(x + width, 0, picture->width), bottom = clamp(y + height, 0, picture->height);
    for (int row = clamp(y, 0, bottom); row < bottom; row++) {
        for (int column = clamp(x, 0, right); column < right; column++)
            cover(picture, column, row, 1.0, color);
    }
}

void picture_copy(Picture *picture, int x, int y, const Picture *part) {
    int left = x < 0 ? -x : 0,
        right = x + part->width > picture->width ? picture->width - x : part->width;
    if (right <= left) return;
    for (int row = 0; row < part->height; row++) {
        if (y + row < 0 || y + row >= picture->height) continue;
        memcpy(picture->rgb + ((size_t)(y + row) * (size_t)picture->width + (size_t)(x + left)) * 3,
               part->rgb + ((size_t)row * (size_t)part->width + (size_t)left) * 3,
               (size_t)(right - left) * 3);
    }
}

void picture_line(Picture *picture, double x0, double y0, double x1, double y1, double thickness,
                  Color color) {
    double reach = thickness / 2 + 1, dx = x1 - x0, dy = y1 - y0, square = dx * dx + dy * dy;
    int left = (int)fmax(0, floor(fmin(x0, x1) - reach)),
        right = (int)fmin(picture->width, fmax(x0, x1) + reach + 1);
    int top = (int)fmax(0, floor(fmin(y0, y1) - reach)),
        bottom = (int)fmin(picture->height, fmax(y0, y1) + reach + 1);
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            double px = x + 0.5 - x0, py = y + 0.5 - y0;
            double along = square > 0.0 ? fmin(1.0, fmax(0.0, (px * dx + py * dy) / square)) : 0.0;
            double distance = hypot(px - along * dx, py - along * dy);
            cover(picture, x, y, fmin(1.0, thickness / 2 + 0.5 - distance), color);
        }
    }
}

// --- text: stb_easy_font's glyphs are staircases of unit rectangles; they are doubled three times by EPX, which rounds
// the stairs, and then averaged down to the size wanted. ---

enum { GLYPH = 16, DOUBLINGS = 3, FINE = GLYPH << DOUBLINGS };

typedef struct {
    uint8_t ink[FINE][FINE];
} Glyph;

// Draws one character into the upper left GLYPH×GLYPH cells.
static void glyph_draw(Glyph *glyph, char character) {
    float corners[64][4][4]; // x, y, z, colour of four corners
    char text[2] = { character, 0 };
    int rectangles = stb_easy_font_print(1, 1, text, NULL, corners, sizeof corners);
    memset(glyph, 0, sizeof *glyph);
    for (int i = 0; i < rectangles; i++) {
        int right = clamp((int)corners[i][2][0], 0, GLYPH),
            bottom = clamp((int)corners[i][2][1], 0, GLYPH);
        for (int y = (int)corners[i][0][1]; y < bottom; y++) {
            for (int x = (int)corners[i][0][0]; x < right; x++) glyph->ink[y][x] = 1;
        }
    }
}

// EPX: a cell becomes four; a corner takes its two neighbours' colour where they agree and their
// opposites do not.
static void glyph_double(Glyph *glyph, int size) {
    Glyph from = *glyph;
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            uint8_t self = from.ink[y][x];
            uint8_t up = y > 0 ? from.ink[y - 1][x] : 0,
                    down = y + 1 < size ? from.ink[y + 1][x] : 0;
            uint8_t left = x > 0 ? from.ink[y][x - 1] : 0,
                    right = x + 1 < size ? from.ink[y][x + 1] : 0;
            bool edge = up != down && left != right;
            glyph->ink[2 * y][2 * x] = edge && up == left ? up : self;
            glyph->ink[2 * y][2 * x + 1] = edge && up == right ? up : self;
            glyph->ink[2 * y + 1][2 * x] = edge && down == left ? down : self;
            glyph->ink[2 * y + 1][2 * x + 1] = edge && down == right ? down : self;
        }
    }
}

// The share of ink in a pixel that reaches from (x, y) to (x + side, y + side) in fine cells.
static double glyph_share(const Glyph *glyph, double x, double y, double side) {
    double ink = 0.0;
    for (int row = clamp((int)y, 0, FINE); row < FINE && row < y + side; row++) {
        double height = fmin(row + 1, y + side) - fmax(row, y);
        for (int column = clamp((int)x, 0, FINE); column < FINE && column < x + side; column++) {
            if (glyph->ink[row][column])
                ink += height * (fmin(column + 1, x + side) - fmax(column, x));
        }
    }
    return ink / (side * side);
}

// The next character of UTF-8 text: a space for a control character, '?' for others the font does
// not have.
static char next_character(const char **text) {
    unsigned char first = (unsigned char)*(*text)++;
    if (first >= 0x80) {
        while (((unsigned char)**text & 0xc0) == 0x80) (*text)++;
    }
    return first < 0x20 ? ' ' : first < 0x7f ? (char)first : '?';
}

int picture_text(Picture *picture, int x, int y, double scale, Color color, const char *text) {
    // side: of a pixel, in fine cells
    double pen = x, reach = GLYPH * scale, side = (1 << DOUBLINGS) / scale;
    while (*text) {
        char character = next_character(&text);
        Glyph glyph;
        glyph_draw(&glyph, character);
        for (int i = 0; i < DOUBLINGS; i++) glyph_double(&glyph, GLYPH << i);
        // glyphs are drawn one cell in, so that their corners have neighbours
        double left = pen - scale, top = y - scale;
        for (int row = (int)floor(top); row < top + reach; row++) {
            for (int column = (int)floor(left); column < left + reach; column++) {
                cover(picture, column, row,
                      glyph_share(&glyph, (column - left) * side, (row - top) * side, side), color);
            }
        }
        pen += scale * stb_easy_font_width((char[]){ character, 0 });
    }
    return (int)ceil(pen);
}

int text_width(const char *text, double scale) {
    double width = 0.0;
    while (*text) width += scale * stb_easy_font_width((char[]){ next_character(&text), 0 });
    return (int)ceil(width);
}

// --- PNG ---

static void write_bytes(void *stream, void *bytes, int size) {
    fwrite(bytes, 1, (size_t)size, stream);
}

bool picture_write_png(const Picture *picture, const char *path, Error *error) {
    OutputFile out;
    if (!output_open(&out, path, error)) return false;
    int stride = picture->width * 3;
    if (!stbi_write_png_to_func(write_bytes, out.stream, picture->width, picture->height, 3,
                                picture->rgb, stride)) {
        output_discard(&out);
        return fail(error, "%s: out of memory while the picture was packed", path);
    }
    return output_commit(&out, error); // finds what write_bytes could not do
}
