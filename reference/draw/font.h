#ifndef REFERENCE_DRAW_FONT_H
#define REFERENCE_DRAW_FONT_H
#include <stdbool.h>
#include <stdint.h>

// Text in UTF-8 as glyphs with anti-aliased edges. An invalid byte counts as U+FFFD; a character
// that the font lacks is shown as U+FFFD or '?'; control characters are spaces. Sizes are in pixels
// per em. Glyphs are painted once and cached, so a font belongs to one thread at a time.
typedef struct Font Font;

enum { TEXT_SMALL = 13, TEXT_NORMAL = 15, TEXT_LARGE = 20 };

// The font of this machine: the file that the environment variable SGATLIN_FONT names, else Inter
// or DejaVu Sans where distributions install them, else the built-in one (as for
// SGATLIN_FONT=builtin). NULL: out of memory.
Font *font_find(void);
// A TrueType or OpenType file; NULL if it cannot be read or is not a font. A font that is corrupt
// inside its tables is not detected: open only files you trust.
Font *font_open(const char *path);
// Strokes, the same pixels on every machine: ASCII, what resembles it for dashes, quotation marks
// and a few others, and '?' for the rest. NULL: out of memory.
Font *font_builtin(void);
void font_free(Font *font); // NULL is fine

// The size nearest to this one that fonts have: quarters of a pixel from 4 to 256.
float font_size(float size);
// From the start of the text to the place of the next character, in pixels.
float font_text_width(Font *font, const char *utf8, float size);
// A line of text and the space below it, and from its top to the baseline: the same for all fonts.
static inline float font_line(float size) { return 1.3f * size; }
static inline float font_baseline(float size) { return size; }

typedef struct {
    int left, top; // of the ink: from the pen, rounded down, and from the baseline; y points down
    int width, height;
    const uint8_t *ink; // [height,width], 0 to 255; the font's
} Glyph;

// The glyph of the next character of *utf8, which must not be at its end, for a pen at x = *pen.
// Moves *utf8 and *pen forward. NULL: out of memory, and font_failed returns true from then on.
const Glyph *font_next(Font *font, const char **utf8, float size, float *pen);
bool font_failed(const Font *font);
#endif
