#include "reference/train/loss_picture.h"
#include "reference/io/files.h"
#include <math.h>
#include <stdlib.h>

// The points of a curve, x and y [count]: of the lines that have `name`, or else `other` (NULL: no
// other).
static Series curve(double *x, double *y, const LogLines *lines, const char *name,
                    const char *other) {
    int count = 0;
    for (int i = 0; i < lines->count; i++) {
        const json_t *line = lines->items[i];
        double loss = other != NULL ? log_number(line, other, NAN) : NAN;
        loss = log_number(line, name, loss);
        if (isnan(loss)) continue;
        x[count] = log_number(line, "step", 0);
        y[count++] = loss;
    }
    return (Series){ .x = x, .y = y, .count = count };
}

static int read_baselines(Baseline out[2], const LogLines *lines) {
    static const char *const names[] = { "unigram", "trigram" };
    const json_t *baselines = json_object_get(lines->header, "baselines");
    int count = 0;
    for (int i = 0; i < 2; i++) {
        double loss = log_number(baselines, names[i], NAN);
        if (!isnan(loss)) out[count++] = (Baseline){ names[i], loss };
    }
    return count;
}

bool loss_chart(LossChart *out, const LogLines *lines) {
    size_t capacity = (size_t)lines->count + 1;
    double *x = malloc(4 * capacity * sizeof *x);
    if (x == NULL) return false;
    out->points = x;
    out->series[0] = curve(x, x + capacity, lines, "loss", NULL);
    out->series[0].name = "training";
    out->series[0].color = color_class(1);
    x += 2 * capacity;
    out->series[1] = curve(x, x + capacity, lines, "valid_loss", "final_valid_loss");
    out->series[1].name = "validation";
    out->series[1].color = COLOR_ACCENT;
    out->chart = (Chart){ .title = "loss",
                          .x_label = "step",
                          .y_label = "nats per token",
                          .series = out->series,
                          .series_count = 2,
                          .baselines = out->baselines,
                          .baseline_count = read_baselines(out->baselines, lines) };
    return true;
}

static bool draw(const LogLines *lines, const char *path, Error *error) {
    LossChart drawn;
    if (!loss_chart(&drawn, lines)) return fail(error, "%s: out of memory", path);
    bool ok = chart_write_png(&drawn.chart, path, error);
    free(drawn.points);
    return ok;
}

bool loss_picture_write(const char *run, Error *error) {
    char *log = path_join(run, LOG_NAME), *picture = path_join(run, "loss.png");
    LogLines lines;
    bool ok = (log != NULL && picture != NULL) || fail(error, "%s: out of memory", run);
    ok = ok && log_lines_read(&lines, log, INT64_MAX, error);
    if (ok) {
        ok = draw(&lines, picture, error);
        log_lines_free(&lines);
    }
    free(log);
    free(picture);
    return ok;
}
