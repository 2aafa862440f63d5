#ifndef REFERENCE_DRAW_CHART_H
#define REFERENCE_DRAW_CHART_H
#include "reference/draw/draw.h"
#include "reference/io/error.h"

typedef struct {
    const char *name; // NULL: not in the legend
    Color color;
    // [count]; a point that is not finite, or beyond 1e150, breaks the line, a point without
    // neighbours is a dot
    const double *x, *y;
    int count;
} Series;

// A dashed horizontal line to compare the curves with.
typedef struct {
    const char *name;
    double y;
} Baseline;

typedef struct {
    const char *title, *x_label, *y_label; // each may be NULL
    bool log_x;                            // only points with x > 0 are drawn
    const Series *series;
    int series_count;
    const Baseline *baselines;
    int baseline_count;
} Chart;

// Draws a chart into `area` of the list; 960 by 540 is a good size.
void chart_draw(DrawList *list, Rect area, const Chart *chart);
// The axes, curves and baselines, with one row of names, in all of a smaller area and without a
// panel of their own. As many ticks and names as fit; nothing lies outside of the area.
void chart_draw_compact(DrawList *list, Rect area, const Chart *chart);
bool chart_write_png(const Chart *chart, const char *path, Error *error);

// Writes ticks at 1, 2 or 5 times a power of ten in low .. high, at most `most`, and returns how
// many. One for low == high; none where a bound is not finite.
int chart_ticks(double *out, int most, double low, double high);
#endif
