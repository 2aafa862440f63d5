#include "reference/draw/chart.h"
#include "reference/draw/paint.h"
#include "reference/numbers/minmax.h"
#include <float.h>
#include <math.h>
#include <stdio.h>

enum {
    WIDTH = 960,
    HEIGHT = 540,
    TICKS = 12,
    MARGIN = 16,  // around the panel
    PADDING = 20, // inside the panel
    ROW = 26,     // of the legend
};

// Where the data go, and how they are drawn.
typedef struct {
    double left, top, right, bottom; // in the picture
    double names_top;                // where the names of baselines may begin
    double x_low, x_high, y_low, y_high;
    bool log_x;
    int x_ticks, y_ticks; // at most
    float thickness, dot; // of curves, and of points without neighbours
} Frame;

// ---- ticks

int chart_ticks(double *out, int most, double low, double high) {
    if (!isfinite(low) || !isfinite(high - low) || high < low || most < 1) return 0;
    if (high == low) {
        out[0] = low;
        return 1;
    }
    static const double steps[] = { 1, 2, 5 };
    double power = fmax(pow(10.0, floor(log10((high - low) / most))), DBL_MIN); // never 0
    for (int i = 0;; i++) {
        double step = steps[i % 3] * power * pow(10.0, i / 3);
        double first = ceil(low / step - 1e-9), last = floor(high / step + 1e-9);
        if (last - first + 1 > most) continue;
        int count = 0, steps_in_range = (int)(last - first) + 1;
        for (int k = 0; k < steps_in_range; k++) {
            double tick = (first + k) * step; // above 2^53, first + k may be that of the last k
            if (count == 0 || tick > out[count - 1]) out[count++] = tick;
        }
        return count;
    }
}

// Ticks of a logarithmic axis: 1, 2 and 5 times each power of ten, or only the powers where those
// are too many. An axis that spans less than a power of ten has the ticks of a linear one.
static int log_ticks(double *out, int most, double low, double high) {
    if (high / low < 10) return chart_ticks(out, min_int(8, most), low, high);
    static const double steps[] = { 1, 2, 5 };
    for (int per_power = 3; per_power >= 1; per_power -= 2) {
        int count = 0;
        for (int power = (int)floor(log10(low)); power <= (int)ceil(log10(high)); power++) {
            for (int i = 0; i < per_power; i++) {
                double tick = steps[i] * pow(10.0, power);
                if (tick < low * 0.999 || tick > high * 1.001) continue;
                if (count < most) out[count] = tick;
                count++;
            }
        }
        if (count <= most || per_power == 1) return count < most ? count : most;
    }
    return 0;
}

// "1500", "1.5 M" or "2 G": short enough for the space of a tick.
static void tick_text(char *out, size_t size, double value) {
    double magnitude = fabs(value);
    if (magnitude >= 1e9) {
        snprintf(out, size, "%g G", value / 1e9);
    } else if (magnitude >= 1e6) {
        snprintf(out, size, "%g M", value / 1e6);
    } else if (magnitude >= 1e4) {
        snprintf(out, size, "%g k", value / 1e3);
    } else {
        snprintf(out, size, "%g", magnitude < 1e-12 ? 0.0 : value);
    }
}

// ---- the range of the data

// Numbers farther from 1 are left out like infinity: no range of others can be computed with.
static const double LARGEST = 1e150, SMALLEST = 1e-150;

static bool shown(const Chart *chart, double x, double y) {
    bool bounded = fabs(x) <= LARGEST && fabs(y) <= LARGEST; // false for NaN
    return bounded && (!chart->log_x || x >= SMALLEST);
}

static void include(double *low, double *high, double value) {
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

// A range with some space around the data, also where they are one value, or none.
static void widen(double *low, double *high, double share) {
    if (*low > *high) {
        *low = 0.0;
        *high = 1.0;
    }
    double space = (*high - *low) * share;
    if (space < fabs(*high) * 1e-9 + DBL_MIN) space = *high == 0.0 ? 1.0 : fabs(*high) * 0.1;
    *low -= space;
    *high += space;
}

static void measure(Frame *frame, const Chart *chart) {
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
    for (int s = 0; s < chart->series_count; s++) {
        const Series *series = &chart->series[s];
        for (int i = 0; i < series->count; i++) {
            if (!shown(chart, series->x[i], series->y[i])) continue;
            include(&x_low, &x_high, series->x[i]);
            include(&y_low, &y_high, series->y[i]);
        }
    }
    for (int b = 0; b < chart->baseline_count; b++) {
        if (fabs(chart->baselines[b].y) <= LARGEST) include(&y_low, &y_high, chart->baselines[b].y);
    }
    if (!(x_low < x_high)) { // one point, or none
        double middle = isfinite(x_low) ? x_low : 1.0;
        x_low = middle > 0 ? middle / 2 : middle - 1;
        x_high = middle > 0 ? middle * 2 : middle + 1;
    }
    widen(&y_low, &y_high, 0.05);
    frame->x_low = x_low;
    frame->x_high = x_high;
    frame->y_low = y_low;
    frame->y_high = y_high;
    frame->log_x = chart->log_x;
}

static float place_x(const Frame *frame, double x) {
    double share = (x - frame->x_low) / (frame->x_high - frame->x_low);
    if (frame->log_x) share = log(x / frame->x_low) / log(frame->x_high / frame->x_low);
    return (float)(frame->left + share * (frame->right - frame->left));
}

static float place_y(const Frame *frame, double y) {
    double share = (y - frame->y_low) / (frame->y_high - frame->y_low);
    return (float)(frame->bottom - share * (frame->bottom - frame->top));
}

// ---- parts of the chart

// Moves the left side of the frame so that the numbers at the y axis have space.
static int make_space(Frame *frame, double ticks[TICKS], const DrawList *list) {
    char text[32];
    int count = chart_ticks(ticks, frame->y_ticks, frame->y_low, frame->y_high);
    float widest = 24;
    for (int i = 0; i < count; i++) {
        tick_text(text, sizeof text, ticks[i]);
        widest = fmaxf(widest, draw_text_width(list, text, TEXT_SMALL));
    }
    frame->left += ceilf(widest) + 12;
    return count;
}

static void draw_y_axis(DrawList *list, Frame *frame) {
    double ticks[TICKS];
    char text[32];
    int count = make_space(frame, ticks, list);
    float left = (float)frame->left, width = (float)frame->right - left;
    for (int i = 0; i < count; i++) {
        float y = roundf(place_y(frame, ticks[i]));
        draw_rect(list, (Rect){ left, y, width, 1 }, COLOR_FAINT);
        tick_text(text, sizeof text, ticks[i]);
        draw_text_right(list, left - 10, y - font_line(TEXT_SMALL) / 2, TEXT_SMALL, COLOR_DIM,
                        text);
    }
}

static void draw_x_axis(DrawList *list, const Frame *frame) {
    double ticks[TICKS];
    char text[32];
    int count = frame->log_x ? log_ticks(ticks, frame->x_ticks, frame->x_low, frame->x_high)
                             : chart_ticks(ticks, frame->x_ticks, frame->x_low, frame->x_high);
    float left = (float)frame->left, right = (float)frame->right, bottom = (float)frame->bottom;
    for (int i = 0; i < count; i++) {
        float x = roundf(place_x(frame, ticks[i]));
        draw_rect(list, (Rect){ x, bottom, 1, 6 }, COLOR_DIM);
        tick_text(text, sizeof text, ticks[i]);
        float half = draw_text_width(list, text, TEXT_SMALL) / 2;
        float middle = fminf(x, right + 8 - half); // the last number stays in the panel
        draw_text_center(list, middle, bottom + 10, TEXT_SMALL, COLOR_DIM, text);
    }
    draw_rect(list, (Rect){ left, bottom, right - left, 1 }, COLOR_DIM);
}

// Whether a baseline's line is drawn between y and y + height.
static bool has_baseline(const Frame *frame, const Chart *chart, float y, float height) {
    for (int b = 0; b < chart->baseline_count; b++) {
        float line = roundf(place_y(frame, chart->baselines[b].y));
        if (line + 1 > y && line - 1 < y + height) return true;
    }
    return false;
}

// The y of the line through two points at x, which is moved to between them.
static float line_y(float x0, float y0, float x1, float y1, float x) {
    float share = x1 != x0 ? fminf(1, fmaxf(0, (x - x0) / (x1 - x0))) : 0;
    return y0 + share * (y1 - y0);
}

// Whether a curve is drawn in the box.
static bool has_curve(const Frame *frame, const Chart *chart, Rect box) {
    float right = box.x + box.width, bottom = box.y + box.height;
    for (int s = 0; s < chart->series_count; s++) {
        const Series *series = &chart->series[s];
        for (int i = 0; i < series->count; i++) {
            int j = i > 0 && shown(chart, series->x[i - 1], series->y[i - 1]) ? i - 1 : i;
            if (!shown(chart, series->x[i], series->y[i])) continue;
            float x0 = place_x(frame, series->x[j]), y0 = place_y(frame, series->y[j]);
            float x1 = place_x(frame, series->x[i]), y1 = place_y(frame, series->y[i]);
            if (fmaxf(x0, x1) < box.x || fminf(x0, x1) > right) continue;
            float from = line_y(x0, y0, x1, y1, box.x), to = line_y(x0, y0, x1, y1, right);
            if (fmaxf(from, to) >= box.y && fminf(from, to) <= bottom) return true;
        }
    }
    return false;
}

// Above the lines, at their right ends, or at their left ends if a curve crosses only the right
// ones; below where another line or name is above.
static void draw_baseline_names(DrawList *list, const Frame *frame, const Chart *chart) {
    float right = (float)frame->right, last = -INFINITY, height = font_line(TEXT_SMALL);
    for (int b = 0; b < chart->baseline_count; b++) {
        const Baseline *baseline = &chart->baselines[b];
        if (!(fabs(baseline->y) <= LARGEST)) continue;
        float line = roundf(place_y(frame, baseline->y)), y = line - 2 - height;
        if (fabsf(y - last) < height || has_baseline(frame, chart, y, height)) y = line + 2;
        bool free = !has_baseline(frame, chart, y, height);
        if (!free || y < frame->names_top || y + height > frame->bottom) continue;
        float width = draw_text_width(list, baseline->name, TEXT_SMALL) + 8;
        Rect box = { right - width, y, width, height };
        const Rect other = { (float)frame->left, y, width, height };
        if (has_curve(frame, chart, box) && !has_curve(frame, chart, other)) box = other;
        draw_rect(list, box, COLOR_PANEL); // hides grid lines
        draw_text(list, box.x + 4, y, TEXT_SMALL, COLOR_TEXT, baseline->name);
        last = y;
    }
}

static void draw_baselines(DrawList *list, const Frame *frame, const Chart *chart) {
    float left = (float)frame->left, right = (float)frame->right;
    for (int b = 0; b < chart->baseline_count; b++) {
        const Baseline *baseline = &chart->baselines[b];
        if (!(fabs(baseline->y) <= LARGEST)) continue;
        float y = roundf(place_y(frame, baseline->y));
        for (int dash = 0; dash < (right - left) / 10; dash++) {
            float x = left + 10 * (float)dash;
            draw_rect(list, (Rect){ x, y - 1, fminf(6, right - x), 2 }, COLOR_DIM);
        }
    }
    draw_baseline_names(list, frame, chart);
}

static void draw_series(DrawList *list, const Frame *frame, const Chart *chart,
                        const Series *series) {
    bool joined = false; // with the point before, at (from_x, from_y)
    float from_x = 0, from_y = 0;
    for (int i = 0; i < series->count; i++) {
        if (!shown(chart, series->x[i], series->y[i])) {
            joined = false;
            continue;
        }
        float x = place_x(frame, series->x[i]), y = place_y(frame, series->y[i]);
        bool next = i + 1 < series->count && shown(chart, series->x[i + 1], series->y[i + 1]);
        if (joined) draw_line(list, from_x, from_y, x, y, frame->thickness, series->color);
        if (!joined && !next) draw_line(list, x, y, x, y, frame->dot, series->color);
        from_x = x;
        from_y = y;
        joined = true;
    }
}

// Names in rows, each after a piece of its line; returns the y below the last row.
static float draw_legend(DrawList *list, const Chart *chart, float left, float right, float y) {
    float x = left;
    for (int s = 0; s < chart->series_count; s++) {
        const Series *series = &chart->series[s];
        if (series->name == NULL) continue;
        if (x > left && x + 30 + draw_text_width(list, series->name, TEXT_NORMAL) > right) {
            x = left;
            y += ROW;
        }
        float middle = y + font_line(TEXT_NORMAL) / 2 + 1;
        draw_line(list, x + 2, middle, x + 20, middle, 3, series->color);
        x = draw_text(list, x + 30, y, TEXT_NORMAL, COLOR_TEXT, series->name) + 28;
    }
    return x > left ? y + ROW : y;
}

static void draw_all_series(DrawList *list, const Frame *frame, const Chart *chart) {
    for (int s = 0; s < chart->series_count; s++)
        draw_series(list, frame, chart, &chart->series[s]);
}

// ---- all of it

// Title, legend and the name of the y axis; returns the y below them.
static float draw_head(DrawList *list, const Chart *chart, float left, float right, float y) {
    if (chart->title != NULL) {
        draw_text(list, left, y, TEXT_LARGE, COLOR_TEXT, chart->title);
        y += font_line(TEXT_LARGE) + 12;
    }
    y = draw_legend(list, chart, left, right, y) + 8;
    if (chart->y_label != NULL) {
        draw_text(list, left, y, TEXT_SMALL, COLOR_DIM, chart->y_label);
        y += font_line(TEXT_SMALL) + 6;
    }
    return y;
}

void chart_draw(DrawList *list, Rect area, const Chart *chart) {
    Rect panel = { area.x + MARGIN, area.y + MARGIN, area.width - 2 * MARGIN,
                   area.height - 2 * MARGIN };
    draw_round_rect(list, panel, 6, COLOR_PANEL);
    float left = panel.x + PADDING, right = panel.x + panel.width - PADDING;
    Frame frame = { .left = left, .right = right - 8, .names_top = panel.y };
    frame.thickness = 2;
    frame.dot = 7;
    frame.y_ticks = 8;
    frame.x_ticks = chart->log_x ? TICKS : 10;
    frame.top = draw_head(list, chart, left, right, panel.y + PADDING - 4) + 4;
    frame.bottom = panel.y + panel.height - (chart->x_label != NULL ? 60 : 40);
    measure(&frame, chart);
    draw_y_axis(list, &frame);
    draw_x_axis(list, &frame);
    draw_baselines(list, &frame, chart);
    draw_all_series(list, &frame, chart);
    draw_text_right(list, (float)frame.right, (float)frame.bottom + 32, TEXT_SMALL, COLOR_DIM,
                    chart->x_label);
}

// Names in one row, as many as fit.
static void draw_small_legend(DrawList *list, const Chart *chart, Rect row) {
    float x = row.x, middle = row.y + font_line(TEXT_SMALL) / 2;
    for (int s = 0; s < chart->series_count; s++) {
        const Series *series = &chart->series[s];
        if (series->name == NULL) continue;
        float end = x + 20 + draw_text_width(list, series->name, TEXT_SMALL);
        if (end > row.x + row.width) return;
        draw_line(list, x + 1, middle, x + 13, middle, 2, series->color);
        draw_text(list, x + 20, row.y, TEXT_SMALL, COLOR_DIM, series->name);
        x = end + 16;
    }
}

void chart_draw_compact(DrawList *list, Rect area, const Chart *chart) {
    enum { EDGE = 3, NAMES = 24, LABELS = 27, HALF_LABEL = 9, TICK_WIDTH = 60, TICK_HEIGHT = 24 };
    double top = area.y, right = area.x + area.width, bottom = area.y + area.height;
    Frame frame = { .left = area.x + EDGE, .right = right - EDGE, .names_top = top };
    bool wide = area.width >= 140, names = wide && area.height >= 110;
    bool x_axis = wide && area.height >= 80, y_axis = wide && area.height >= 40;
    frame.top = top + (names ? NAMES : 0) + (y_axis ? HALF_LABEL : EDGE);
    frame.bottom = bottom - (x_axis ? LABELS : y_axis ? HALF_LABEL : EDGE);
    if (frame.left >= frame.right || frame.top >= frame.bottom) return;
    frame.thickness = 1.5f;
    frame.dot = 5;
    measure(&frame, chart);
    if (y_axis) {
        frame.left = area.x;
        frame.right = right - 8;
        frame.x_ticks = min_int(chart->log_x ? TICKS : 10, (int)(area.width / TICK_WIDTH));
        frame.y_ticks = min_int(8, (int)((frame.bottom - frame.top) / TICK_HEIGHT) + 1);
        draw_y_axis(list, &frame);
        if (x_axis) draw_x_axis(list, &frame);
        draw_baselines(list, &frame, chart);
    }
    if (names) draw_small_legend(list, chart, area);
    draw_all_series(list, &frame, chart);
}

bool chart_write_png(const Chart *chart, const char *path, Error *error) {
    DrawList list = draw_new(WIDTH, HEIGHT, font_find());
    chart_draw(&list, draw_whole(&list), chart);
    bool ok = paint_png(&list, path, error);
    draw_free(&list);
    return ok;
}
