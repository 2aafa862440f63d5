// Charts of any numbers: three bytes for the axes and the number of curves and baselines, then
// doubles, which are the baselines and, one after the other, the x and y of the points.
#include "reference/draw/chart.h"
#include "tests/fuzz/paint.h"
#include <string.h>

enum { WIDTH = 200, HEIGHT = 150, MAX_POINTS = 256, MAX_SERIES = 4, MAX_BASELINES = 2 };
enum { OTHER_COMMANDS = 500 };

static size_t take(double *out, const uint8_t **bytes, size_t *size, size_t most) {
    size_t count = *size / sizeof *out;
    if (count > most) count = most;
    memcpy(out, *bytes, count * sizeof *out);
    *bytes += count * sizeof *out;
    *size -= count * sizeof *out;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    double points[2][MAX_POINTS], lines[MAX_BASELINES];
    Series series[MAX_SERIES];
    Baseline baselines[MAX_BASELINES] = { { "one", 0 }, { "two", 0 } };
    if (size < 3) return 0;
    bool log_x = bytes[0] & 1, labelled = bytes[0] & 2;
    int count = 1 + bytes[1] % MAX_SERIES;
    size_t most = bytes[2] % (MAX_BASELINES + 1);
    bytes += 3;
    size -= 3;
    size_t baseline_count = take(lines, &bytes, &size, most);
    for (size_t i = 0; i < baseline_count; i++) baselines[i].y = lines[i];
    int all =
        (int)take(points[0], &bytes, &size,
                  size / sizeof(double) / 2 < MAX_POINTS ? size / sizeof(double) / 2 : MAX_POINTS);
    all = (int)take(points[1], &bytes, &size, (size_t)all);
    for (int s = 0; s < count; s++) {
        int from = all * s / count, end = all * (s + 1) / count;
        series[s] =
            (Series){ "curve", color_class(s), points[0] + from, points[1] + from, end - from };
    }
    Chart chart = { .title = labelled ? "title" : NULL,
                    .x_label = labelled ? "x" : NULL,
                    .y_label = labelled ? "y" : NULL,
                    .log_x = log_x,
                    .series = series,
                    .series_count = count,
                    .baselines = baselines,
                    .baseline_count = (int)baseline_count };
    DrawList list = draw_new(WIDTH, HEIGHT, font_builtin());
    chart_draw(&list, draw_whole(&list), &chart);
    paint_and_free(&list, OTHER_COMMANDS + (size_t)all);
    return 0;
}
