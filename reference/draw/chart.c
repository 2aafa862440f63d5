#include "reference/draw/chart.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 960, HEIGHT = 540, TICKS = 12, MARGIN = 16, LINE = 24 }; // LINE: of text at scale 2

static const double TEXT = 1.5, TITLE = 2.0;

// Where the data go in the picture.
typedef struct {
    double left, top, right, bottom; // pixels
    double x_low, x_high, y_low, y_high;
    bool log_x;
} Frame;

int chart_ticks(double *out, int most, double low, double high) {
    if (!isfinite(low) || !isfinite(high - low) || high < low || most < 1) return 0;
    if (high == low) {
        out[0] = low;
        return 1;
    }
    static const double steps[] = { 1, 2, 5 };
    double power = pow(10.0, floor(log10((high - low) / most)));
    for (int i = 0;; i++) {
        double step = steps[i % 3] * power * pow(10.0, i / 3);
        double first = ceil(low / step - 1e-9), last = floor(high / step + 1e-9);
        if (last - first + 1 > most) continue;
        int count = 0;
        for (double k = first; k <= last; k++) out[count++] = k * step;
        return count;
    }
}

// Ticks of a logarithmic axis: 1, 2 and 5 times each power of ten, or the powers alone where that
// is too many; where it spans too little for them, those of a linear one.
static int log_ticks(double *out, int most, double low, double high) {
    if (high / low < 10) return chart_ticks(out, 8, low, high);
    static const double steps[] = { 1, 2, 5 };
    for (int each = 3; each >= 1; each -= 2) {
        int count = 0;
        for (int power = (int)floor(log10(low)); power <= (int)ceil(log10(high)); power++) {
            for (int i = 0; i < each; i++) {
                double tick = steps[i] * pow(10.0, power);
                if (tick < low * 0.999 || tick > high * 1.001) continue;
                if (count < most) out[count] = tick;
                count++;
            }
        }
        if (count <= most || each == 1) return count < most ? count : most;
    }
    return 0;
}

static double place_x(const Frame *frame, double x) {
    double share = frame->log_x ? log(x / frame->x_low) / log(frame->x_high / frame->x_low)
                                : (x - frame->x_low) / (frame->x_high - frame->x_low);
    return frame->left + share * (frame->right - frame->left);
}

static double place_y(const Frame *frame, double y) {
    return frame->bottom -
           (y - frame->y_low) / (frame->y_high - frame->y_low) * (frame->bottom - frame->top);
}

static bool shown(const Chart *chart, double x, double y) {
    return isfinite(x) && isfinite(y) && (!chart->log_x || x > 0.0);
}

// Makes room between low and high where there is none.
static void widen(double *low, double *high, double share) {
    if (*low > *high) *low = 0.0, *high = 1.0; // nothing to show
    double room = (*high - *low) * share;
    if (room < fabs(*high) * 1e-9 + DBL_MIN) room = *high == 0.0 ? 1.0 : fabs(*high) * 0.1;
    *low -= room;
    *high += room;
}

static void measure(Frame *frame, const Chart *chart) {
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
    for (int s = 0; s < chart->series_count; s++) {
        const Series *series = &chart->series[s];
        for (int i = 0; i < series->count; i++) {
            if (!shown(chart, series->x[i], series->y[i])) continue;
            x_low = fmin(x_low, series->x[i]), x_high = fmax(x_high, series->x[i]);
            y_low = fmin(y_low, series->y[i]), y_high = fmax(y_high, series->y[i]);
        }
    }
    for (int b = 0; b < chart->baseline_count; b++) {
        if (!isfinite(chart->baselines[b].y)) continue;
        y_low = fmin(y_low, chart->baselines[b].y), y_high = fmax(y_high, chart->baselines[b].y);
    }
    if (!(x_low < x_high)) {
        double middle = isfinite(x_low) ? x_low : 1.0; // one point, or none
        x_low = middle > 0 ? middle / 2 : middle - 1, x_high = middle > 0 ? middle * 2 : middle + 1;
    }
    widen(&y_low, &y_high, 0.05);
    frame->x_low = x_low, frame->x_high = x_high, frame->y_low = y_low, frame->y_high = y_high;
    frame->log_x = chart->log_x;
}

// "1500", "1.5 M" or "2 G": short enough to stand under a tick.
static void tick_text(char *out, size_t size, double value) {
    double magnitude = fabs(value);
    if (magnitude >= 1e9) {
        snprintf(out, size, "%g G", value / 1e9);
    } else if (magnitude >= 1e6) {
        snprintf(out, size, "%g M", value / 1e6);
    } else if (magnitude >= 1e4) {
        snprintf(out, size, "%g k", value / 1e3);
    } else {
        snprintf(out, size, "%g", fabs(value) < 1e-12 ? 0.0 : value);
    }
}

static void draw_axes(Picture *picture, const Frame *frame) {
    double ticks[TICKS];
    char text[32];
    int count = chart_ticks(ticks, 8, frame->y_low, frame->y_high);
    for (int i = 0; i < count; i++) {
        int y = (int)lround(place_y(frame, ticks[i]));
        picture_fill(picture, (int)frame->left, y, (int)(frame->right - frame->left), 1,
                     COLOR_FAINT);
        tick_text(text, sizeof text, ticks[i]);
        picture_text(picture, (int)frame->left - 10 - text_width(text, TEXT), y - 6, TEXT,
                     COLOR_DIM, text);
    }
    count = frame->log_x ? log_ticks(ticks, TICKS, frame->x_low, frame->x_high)
                         : chart_ticks(ticks, 10, frame->x_low, frame->x_high);
    for (int i = 0; i < count; i++) {
        int x = (int)lround(place_x(frame, ticks[i]));
        picture_fill(picture, x, (int)frame->bottom, 1, 6, COLOR_DIM);
        tick_text(text, sizeof text, ticks[i]);
        int at = x - text_width(text, TEXT) / 2,
            rightmost = picture->width - 2 * MARGIN - text_width(text, TEXT);
        picture_text(picture, at < rightmost ? at : rightmost, (int)frame->bottom + 12, TEXT,
                     COLOR_DIM, text);
    }
    picture_fill(picture, (int)frame->left, (int)frame->bottom, (int)(frame->right - frame->left),
                 1, COLOR_DIM);
}

static void draw_baselines(Picture *picture, const Frame *frame, const Chart *chart) {
    for (int b = 0; b < chart->baseline_count; b++) {
        const Baseline *baseline = &chart->baselines[b];
        if (!isfinite(baseline->y)) continue;
        int y = (int)lround(place_y(frame, baseline->y));
        for (int x = (int)frame->left; x < (int)frame->right; x += 10) {
            picture_fill(picture, x, y - 1, x + 6 < (int)frame->right ? 6 : (int)frame->right - x,
                         2, COLOR_DIM);
        }
        int x = (int)frame->right - text_width(baseline->name, TEXT) - 4;
        picture_text(picture, x, y - 16, TEXT, COLOR_TEXT, baseline->name);
    }
}

static void draw_series(Picture *picture, const Frame *frame, const Chart *chart,
                        const Series *series) {
    bool joined = false; // is (from_x, from_y) the point before?
    double from_x = 0.0, from_y = 0.0;
    for (int i = 0; i < series->count; i++) {
        if (!shown(chart, series->x[i], series->y[i])) {
            joined = false;
            continue;
        }
        double x = place_x(frame, series->x[i]), y = place_y(frame, series->y[i]);
        if (joined) picture_line(picture, from_x, from_y, x, y, 2.0, series->color);
        // a lone point
        if (!joined)
            picture_line(picture, x, y, x, y, series->name != NULL ? 4.0 : 7.0, series->color);
        from_x = x, from_y = y, joined = true;
    }
}

// Names in rows under the title, each behind a piece of its line; returns the y of the last row.
static int draw_legend(Picture *picture, const Chart *chart, int left, int y) {
    int x = left;
    for (int s = 0; s < chart->series_count; s++) {
        const Series *series = &chart->series[s];
        if (series->name == NULL) continue;
        if (x > left && x + 32 + text_width(series->name, TEXT) > picture->width - 2 * MARGIN)
            x = left, y += LINE;
        picture_line(picture, x, y + 6.5, x + 22, y + 6.5, 3.0, series->color);
        x = picture_text(picture, x + 32, y, TEXT, COLOR_TEXT, series->name) + 28;
    }
    return y;
}

void chart_draw(Picture *picture, const Chart *chart) {
    picture_fill(picture, 0, 0, picture->width, picture->height, COLOR_BACKGROUND);
    picture_fill(picture, MARGIN, MARGIN, picture->width - 2 * MARGIN, picture->height - 2 * MARGIN,
                 COLOR_PANEL);
    int x = 2 * MARGIN, y = 2 * MARGIN;
    if (chart->title != NULL) {
        picture_text(picture, x, y, TITLE, COLOR_TEXT, chart->title);
        y += LINE + 8;
    }
    y = draw_legend(picture, chart, x, y) + LINE + 8;
    if (chart->y_label != NULL) {
        picture_text(picture, x, y, TEXT, COLOR_DIM, chart->y_label);
        y += LINE + 4;
    }
    Frame frame = { .left = x + 56, .top = y, .right = picture->width - 2 * MARGIN - 8 };
    frame.bottom = picture->height - 2 * MARGIN - (chart->x_label != NULL ? 2 * LINE : LINE) - 4;
    measure(&frame, chart);
    draw_axes(picture, &frame);
    draw_baselines(picture, &frame, chart);
    for (int s = 0; s < chart->series_count; s++)
        draw_series(picture, &frame, chart, &chart->series[s]);
    if (chart->x_label != NULL) {
        int right = (int)frame.right - text_width(chart->x_label, TEXT);
        picture_text(picture, right, (int)frame.bottom + 12 + LINE, TEXT, COLOR_DIM,
                     chart->x_label);
    }
}

bool chart_write_png(const Chart *chart, const char *path, Error *error) {
    Picture picture;
    if (!picture_new(&picture, WIDTH, HEIGHT, error)) return false;
    chart_draw(&picture, chart);
    bool ok = picture_write_png(&picture, path, error);
    picture_free(&picture);
    return ok;
}
