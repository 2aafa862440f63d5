#ifndef REFERENCE_DRAW_CHART_H
#define REFERENCE_DRAW_CHART_H
#include "reference/draw/picture.h"

typedef struct {
    const char *name; // NULL: not in the legend
    Color color;
    // [count]; points that are not finite break the line, a point alone is a dot
    const double *x, *y;
    int count;
} Series;

// A dashed horizontal line: what the curves are to be held against.
typedef struct {
    const char *name;
    double y;
} Baseline;

typedef struct {
    const char *title, *x_label, *y_label; // each may be NULL
    bool log_x;                            // then only points with x > 0 are drawn
    const Series *series;
    int series_count;
    const Baseline *baselines;
    int baseline_count;
} Chart;

// Draws over the whole picture; 960 by 540 is a good size.
void chart_draw(Picture *picture, const Chart *chart);
bool chart_write_png(const Chart *chart, const char *path, Error *error);

// Ticks at 1, 2 or 5 times a power of ten that lie in low .. high, at most `most` of them; returns
// how many. For low == high, one. Numbers that are not finite give none.
int chart_ticks(double *out, int most, double low, double high);
#endif
