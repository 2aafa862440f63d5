#include "chapters/08_equal_compute/pictures.h"
#include "chapters/08_equal_compute/count.h"
#include "chapters/08_equal_compute/traffic.h"
#include "chapters/diagram.h"
#include "reference/draw/chart.h"
#include <math.h>
#include <stdio.h>

// ---- the roofline

// Nvidia's H100 SXM by its data sheet: dense FLOP/s in numbers of 2 bytes, and bytes/s.
static const double PEAK = 989e12, BANDWIDTH = 3.35e12;

// TFLOP/s with which a computation of this many FLOPs per byte can run at most.
static double roof(double intensity) { return 1e-12 * fmin(PEAK, BANDWIDTH * intensity); }

// FLOPs per byte of a layer for N tokens. Traffic counts numbers of 4 bytes, here they have 2.
static double intensity(const ModelSizes *sizes, double N) {
    const Traffic traffic = layer_traffic(sizes, N);
    return 2 * traffic.flops / traffic.bytes_once;
}

static void draw_roof(DrawList *list, const Plot *plot) {
    const double ridge = PEAK / BANDWIDTH;
    const double x[] = { plot->x_low, ridge, plot->x_high };
    const double y[] = { roof(x[0]), roof(x[1]), roof(x[2]) };
    char text[96];
    plot_curve(list, plot, x, y, 3, COLOR_TEXT);
    diagram_dashes(list, plot_x(plot, ridge), plot_y(plot, y[1]), plot_x(plot, ridge),
                   plot->area.y + plot->area.height, COLOR_DIM);
    snprintf(text, sizeof text, "memory limits: %.2f TB/s", 1e-12 * BANDWIDTH);
    draw_text_right(list, plot_x(plot, 14), plot_y(plot, 200), DIAGRAM_NOTE, COLOR_DIM, text);
    snprintf(text, sizeof text, "arithmetic limits:");
    draw_text(list, plot_x(plot, ridge) + 14, plot_y(plot, 80), DIAGRAM_NOTE, COLOR_DIM, text);
    snprintf(text, sizeof text, "%.0f TFLOP/s, from %.0f", 1e-12 * PEAK, ridge);
    draw_text(list, plot_x(plot, ridge) + 14, plot_y(plot, 80) + 24, DIAGRAM_NOTE, COLOR_DIM, text);
    draw_text(list, plot_x(plot, ridge) + 14, plot_y(plot, 80) + 48, DIAGRAM_NOTE, COLOR_DIM,
              "FLOPs per byte on");
}

bool roofline_picture(const ModelSizes *sizes, const char *scale, const char *path, Error *error) {
    // where the name of a layer is, seen from its dot
    static const float dx[FEED_FORWARD_LAYERS] = { -4, 6, -16, 20, 14 },
                       dy[FEED_FORWARD_LAYERS] = { -22, -22, -4, 24, 14 };
    const double N = 2048;
    const Plot plot = { { 104, 136, 800, 400 }, 0.5, 5000, 1, 2000, true };
    double least = INFINITY, most = 0;
    char text[128];
    snprintf(text, sizeof text,
             "scale %s, numbers of 2 bytes, every weight read once; dots: %.0f tokens at a time",
             scale, N);
    DrawList list =
        diagram_new(960, 620, "The roofline: how fast can a layer run on an H100?", text);
    plot_axes(&list, &plot, "FLOPs per byte moved", "TFLOP/s, at most");
    draw_roof(&list, &plot);
    for (int kind = 0; kind < FEED_FORWARD_LAYERS; kind++) {
        const double x = intensity(&sizes[kind], N), alone = intensity(&sizes[kind], 1);
        snprintf(text, sizeof text, "%s %.0f", feed_forward_kinds[kind].name, x);
        plot_mark(&list, &plot, x, roof(x), COLOR_ACCENT, text, dx[kind], dy[kind]);
        least = fmin(least, alone);
        most = fmax(most, alone);
    }
    snprintf(text, sizeof text, "a single token, any of the five: %.1f", most);
    if (most - least < 0.05)
        plot_mark(&list, &plot, most, roof(most), color_class(1), text, 14, 14);
    return diagram_write(&list, path, error);
}

// ---- the runs

enum { SEEDS = 3 };

// The README's tables: perplexity at the learning rate that was best at q1, and where another one
// was best at q2, at that one too. No program computes them again in less than two hours.
static const struct {
    double q1, planned[SEEDS], best[SEEDS], q3; // planned, best: at q2
} results[FEED_FORWARD_LAYERS] = {
    { 19.05, { 15.48, 15.71, 15.24 }, { 15.03, 15.11, 14.95 }, 20.19 }, // mlp
    { 18.23, { 14.83, 14.96, 14.92 }, { 14.83, 14.96, 14.92 }, 22.80 }, // glu
    { 15.89, { 14.20, 14.40, 14.71 }, { 14.20, 14.40, 14.71 }, 21.98 }, // moe
    { 16.62, { 15.45, 16.46, 16.67 }, { 15.45, 16.46, 16.67 }, 22.55 }, // peer
    { 15.07, { 14.20, 14.49, 14.21 }, { 13.79, 13.71, 13.74 }, 19.15 }, // sgatlin
};

// Dots of a kind at q2. A point between points that are NAN is drawn as a dot.
typedef struct {
    double x[2 * SEEDS], y[2 * SEEDS];
} Dots;

static Series dots_series(Dots *out, Color color, double parameters, const double *perplexity) {
    for (int i = 0; i < SEEDS; i++) {
        out->x[2 * i] = parameters;
        out->y[2 * i] = perplexity[i];
        out->x[2 * i + 1] = out->y[2 * i + 1] = NAN;
    }
    return (Series){ NULL, color, out->x, out->y, 2 * SEEDS };
}

bool results_picture(const ModelSizes (*sizes)[RESULT_SCALES], const char *path, Error *error) {
    enum { KINDS = FEED_FORWARD_LAYERS };
    double x[KINDS][RESULT_SCALES], y[KINDS][RESULT_SCALES];
    Dots best[KINDS], planned[KINDS];
    Series series[3 * KINDS];
    int count = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        for (int i = 0; i < RESULT_SCALES; i++) x[kind][i] = count_weights(&sizes[kind][i]).stored;
        const double *seeds = results[kind].best;
        y[kind][0] = results[kind].q1;
        y[kind][1] = (seeds[0] + seeds[1] + seeds[2]) / SEEDS;
        y[kind][2] = results[kind].q3;
        if (results[kind].planned[0] != seeds[0])
            series[count++] =
                dots_series(&planned[kind], COLOR_DIM, x[kind][1], results[kind].planned);
        series[count++] = (Series){ feed_forward_kinds[kind].name, color_class(kind), x[kind],
                                    y[kind], RESULT_SCALES };
        series[count++] = dots_series(&best[kind], color_class(kind), x[kind][1], seeds);
    }
    series[0].name = "q2 at the rate of q1";
    Chart chart = { .title = "4e12 FLOPs of TinyStories: five kinds at q1, q2 and q3",
                    .x_label = "parameters",
                    .y_label = "perplexity",
                    .log_x = true,
                    .series = series,
                    .series_count = count };
    return chart_write_png(&chart, path, error);
}
