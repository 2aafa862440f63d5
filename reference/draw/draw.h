#ifndef REFERENCE_DRAW_DRAW_H
#define REFERENCE_DRAW_DRAW_H
#include "reference/draw/color.h"
#include "reference/draw/font.h"
#include <stdbool.h>
#include <stddef.h>

// A picture as a list of commands, painted in their order: into pixels by paint.h, or by a window.
// Coordinates are points from the upper left corner of the picture; x points right, y down. A point
// is `scale` pixels wide: 1, unless set after draw_new, as for screens of high density. Commands
// are read in pixels; the pixel in that corner reaches from (0, 0) to (1, 1).
//
// Anything may be drawn: what lies outside the picture is not seen, and commands that have a
// coordinate or size that is not finite, or nothing to show, are dropped. When memory runs out
// `failed` is set and further commands are dropped; painting the list reports it.

typedef struct {
    float x, y, width, height;
} Rect;

typedef struct {
    int width, height;         // of the picture, in pixels
    float scale;               // pixels per point
    Font *font;                // the list's; for text
    struct DrawEntry *entries; // [capacity], the first `count` are used
    unsigned char *data;       // [data_capacity], texts and values of the entries
    size_t count, capacity, data_size, data_capacity;
    bool failed;
} DrawList;

// An empty list. It owns the font from now on; NULL (out of memory) sets `failed`.
DrawList draw_new(int width, int height, Font *font);
void draw_free(DrawList *list);
// Empties the list for another picture or frame; keeps its memory, font and scale.
void draw_clear(DrawList *list, int width, int height);

// Edges of rectangles, cells and clips are rounded to whole pixels, so that neighbours touch.
void draw_rect(DrawList *list, Rect rect, Color color);
// With round ends, anti-aliased; a dot where both ends are equal.
void draw_line(DrawList *list, float x0, float y0, float x1, float y1, float thickness,
               Color color);
// (x, y) is the upper left corner of the line of text, font_line(size) tall. The text is copied.
// Returns the x of the next character.
float draw_text(DrawList *list, float x, float y, float size, Color color, const char *utf8);
// A heat map of values [rows,columns] in `rect`, copied: color_heat from `low` to `high`, and
// COLOR_EMPTY for NaN. Cells are at least a pixel wide and tall; those of 4 pixels or more leave
// the last one free, as a gap.
void draw_cells(DrawList *list, Rect rect, int rows, int columns, const float *values, float low,
                float high);
// From here on only what lies inside `rect` is painted, until the next clip; draw_whole() ends it.
void draw_clip(DrawList *list, Rect rect);

// ---- made of the above

Rect draw_whole(const DrawList *list); // the picture, in points
float draw_text_width(const DrawList *list, const char *utf8, float size);
// Text that ends at `right`, or has its middle at `middle`.
void draw_text_right(DrawList *list, float right, float y, float size, Color color,
                     const char *utf8);
void draw_text_center(DrawList *list, float middle, float y, float size, Color color,
                      const char *utf8);
// Text cut to a width, with "…" where it was cut.
void draw_text_cut(DrawList *list, float x, float y, float size, Color color, const char *utf8,
                   float width);
// A filled rectangle with round corners, and the outline of one, its lines inside `rect`.
void draw_round_rect(DrawList *list, Rect rect, float radius, Color color);
void draw_frame(DrawList *list, Rect rect, float thickness, Color color);

// ---- reading a list

typedef enum { DRAW_RECT, DRAW_LINE, DRAW_TEXT, DRAW_CELLS, DRAW_CLIP } DrawKind;

typedef struct {
    DrawKind kind;
    Color color;          // of a rectangle, line or text
    Rect rect;            // of a rectangle, cells or clip; of text the box that it fills
    float x0, y0, x1, y1; // of a line
    float size;           // of text; the thickness of a line
    const char *text;     // UTF-8, ends in a NUL
    int rows, columns;    // of cells
    const float *values;  // [rows,columns]
    float low, high;
} DrawCommand;

// The command at *cursor, which starts at 0 and moves to the next; false at the end. `text` and
// `values` point into the list and are valid until it is drawn to again.
bool draw_next(const DrawList *list, DrawCommand *out, size_t *cursor);
// Where a cell is painted, and its color. 0 <= row < rows, 0 <= column < columns.
Rect draw_cell(const DrawCommand *cells, int row, int column, Color *color);
#endif
