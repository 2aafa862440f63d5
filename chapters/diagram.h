#ifndef CHAPTERS_DIAGRAM_H
#define CHAPTERS_DIAGRAM_H
#include "reference/draw/draw.h"
#include "reference/io/error.h"

// What the pictures of the lessons have in common. Sizes of text: a picture is readable at half its
// size.
enum { DIAGRAM_TITLE = 24, DIAGRAM_TEXT = 19, DIAGRAM_NOTE = 17, DIAGRAM_LEFT = 32 };

// A picture with a panel, a title, and a note below the title, from x = DIAGRAM_LEFT; free below
// y = 92.
DrawList diagram_new(int width, int height, const char *title, const char *note);
// Writes it as a PNG and frees the list.
bool diagram_write(DrawList *list, const char *path, Error *error);

// ---- shapes. Text is centered at (x, y), unlike draw_text's.

void diagram_text(DrawList *list, float x, float y, float size, Color color, const char *text);
void diagram_dot(DrawList *list, float x, float y, float diameter, Color color);
// From (x0, y0) to its tip at (x1, y1).
void diagram_arrow(DrawList *list, float x0, float y0, float x1, float y1, float thickness,
                   Color color);
void diagram_dashes(DrawList *list, float x0, float y0, float x1, float y1, Color color);
// A round rectangle with an outline, a label, and a note below the label; each may be NULL.
void diagram_box(DrawList *list, Rect rect, Color outline, const char *label, const char *note);
// A number with a minus sign as wide as a plus, and none before 0.00. Returns text.
enum { NUMBER_TEXT = 32 };
const char *number_text(char text[NUMBER_TEXT], double value, int decimals);
// Numbers side by side, with two decimals, in cells as wide as `rect` allows; 0 is dim.
void diagram_numbers(DrawList *list, Rect rect, const double *values, int count);
// A bar of this height, which stands on y = bottom, or hangs from it where the height is negative.
void diagram_bar(DrawList *list, float x, float bottom, float width, float height, Color color);
// The colors of draw_cells from low to high, with a name for each end.
void diagram_scale(DrawList *list, float x, float y, const char *low, const char *high);

// ---- plots

typedef struct {
    Rect area;
    double x_low, x_high, y_low, y_high;
    bool log; // both axes are logarithmic, with ticks at powers of ten
} Plot;

float plot_x(const Plot *plot, double x);
float plot_y(const Plot *plot, double y);
// The axes with their ticks and names, outside of the area: 60 to the left, 60 below, 30 above.
void plot_axes(DrawList *list, const Plot *plot, const char *x_name, const char *y_name);
// The part of the curve that lies in the area.
void plot_curve(DrawList *list, const Plot *plot, const double *x, const double *y, int count,
                Color color);
void plot_function(DrawList *list, const Plot *plot, double (*f)(double), Color color);
// A dot with a text (or NULL) which starts at dx to its right, or ends at dx < 0 to its left, with
// its middle dy below the dot's.
void plot_mark(DrawList *list, const Plot *plot, double x, double y, Color color, const char *text,
               float dx, float dy);
#endif
