#include "chapters/01_dense_ffn/pictures.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/diagram.h"
#include <math.h>
#include <stdio.h>

// ---- chart of the neuron

void plus_signs(double *px, double *py, const double *x, const double *y, int points, double w,
                double h) {
    for (int i = 0; i < points; i++) {
        const double sx[] = { -w, 0, 0, 0, 0, w, NAN }, sy[] = { 0, 0, h, -h, 0, 0, NAN };
        for (int j = 0; j < 7; j++) {
            px[7 * i + j] = x[i] + sx[j];
            py[7 * i + j] = y[i] + sy[j];
        }
    }
}

// ---- gelu

// Where gelu is lowest: its slope is 0 there. By bisection; the slope rises from left to right.
static double lowest_gelu(void) {
    double low = -1.0, high = -0.5;
    while (high - low > 1e-9) {
        double middle = (low + high) / 2.0;
        if (gelu_derivative(middle) < 0.0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool gelu_picture(const char *picture, Error *error) {
    const Plot plot = { { 92, 124, 824, 380 }, -4.0, 4.0, -0.75, 4.0, false };
    const double lowest = lowest_gelu();
    char text[96], height[NUMBER_TEXT], place[NUMBER_TEXT];
    DrawList list = diagram_new(960, 580, "The bend: gelu, and its slope", NULL);
    plot_axes(&list, &plot, "what goes in", "what comes out");
    plot_function(&list, &plot, gelu_derivative, color_class(1));
    plot_function(&list, &plot, gelu, COLOR_ACCENT);
    snprintf(text, sizeof text, "the dip: %s at %s, slope 0", number_text(height, gelu(lowest), 2),
             number_text(place, lowest, 2));
    plot_mark(&list, &plot, lowest, gelu(lowest), COLOR_ACCENT, text, -8, 26);
    snprintf(text, sizeof text, "slope at 0: %.2f", gelu_derivative(0.0));
    plot_mark(&list, &plot, 0.0, gelu_derivative(0.0), color_class(1), text, -14, -6);
    plot_mark(&list, &plot, 3.0, gelu(3.0), COLOR_ACCENT, "gelu: passes its input on", -16, -8);
    snprintf(text, sizeof text, "its slope: %.2f", gelu_derivative(3.0));
    plot_mark(&list, &plot, 3.0, gelu_derivative(3.0), color_class(1), text, -8, 26);
    plot_mark(&list, &plot, -3.0, gelu(-3.0), COLOR_ACCENT, "silent: 0, and so is its slope", 0,
              -24);
    return diagram_write(&list, picture, error);
}

// ---- the loss as a valley

static double loss_of(const NeuronTask *task, const Neuron *neuron) {
    return neuron_loss(neuron, task->x, task->target, task->points);
}

static void step_downhill(Neuron *neuron, const NeuronTask *task, bool bias, double rate) {
    Neuron gradient = neuron_gradient(neuron, task->x, task->target, task->points);
    gradient.in = 0.0;
    if (!bias) gradient.bias = 0.0;
    neuron_step(neuron, &gradient, rate);
}

// One panel: the valley, and `steps` steps at a learning rate.
static void draw_steps(DrawList *list, const NeuronTask *task, Rect area, double rate,
                       const char *verdict) {
    enum { CURVE = 121, STEPS = 12 };
    const Plot plot = { area, 0.0, 1.8, 0.0, 5.0, false };
    double out[CURVE], loss[CURVE];
    char text[64];
    Neuron neuron = task->start;
    for (int i = 0; i < CURVE; i++) {
        neuron.out = out[i] = 1.8 * i / (CURVE - 1);
        loss[i] = loss_of(task, &neuron);
    }
    plot_axes(list, &plot, "out", "loss");
    plot_curve(list, &plot, out, loss, CURVE, COLOR_DIM);
    neuron = task->start;
    for (int step = 0; step <= STEPS; step++) {
        Neuron next = neuron;
        step_downhill(&next, task, false, rate);
        if (step < STEPS)
            draw_line(list, plot_x(&plot, neuron.out), plot_y(&plot, loss_of(task, &neuron)),
                      plot_x(&plot, next.out), plot_y(&plot, loss_of(task, &next)), 2,
                      COLOR_ACCENT);
        plot_mark(list, &plot, neuron.out, loss_of(task, &neuron), COLOR_ACCENT,
                  step == 0 ? "start" : NULL, 12, -16);
        neuron = next;
    }
    snprintf(text, sizeof text, "learning rate %g", rate);
    diagram_text(list, area.x + area.width / 2, area.y - 72, DIAGRAM_TEXT, COLOR_TEXT, text);
    diagram_text(list, area.x + area.width / 2, area.y - 48, DIAGRAM_NOTE, COLOR_DIM, verdict);
}

bool steps_picture(const NeuronTask *task, const char *path, Error *error) {
    static const char *const verdicts[] = { "too small: hardly moves", "downhill, ever slower",
                                            "too large: jumps across" };
    const double rates[] = { task->learning_rate / 10, task->learning_rate,
                             task->learning_rate * 10 };
    DrawList list = diagram_new(960, 550, "Seen along one weight, the loss is a valley",
                                "each dot is a step downhill; twelve steps each");
    for (int i = 0; i < 3; i++)
        draw_steps(&list, task, (Rect){ 76 + 304 * (float)i, 206, 236, 260 }, rates[i],
                   verdicts[i]);
    return diagram_write(&list, path, error);
}

enum { PER_FACTOR = 3 }; // shades for each factor of e

// ln loss over the plane, in steps, which look like contour lines.
static void draw_plane(DrawList *list, const NeuronTask *task, const Plot *plot) {
    enum { CELLS = 160, COLUMNS = 2 * CELLS };
    float values[COLUMNS];
    Neuron neuron = task->start;
    float height = plot->area.height / CELLS;
    for (int row = 0; row < CELLS; row++) {
        neuron.out = plot->y_high - (row + 0.5) / CELLS * (plot->y_high - plot->y_low);
        for (int column = 0; column < COLUMNS; column++) {
            neuron.bias = plot->x_low + (column + 0.5) / COLUMNS * (plot->x_high - plot->x_low);
            values[column] = (float)floor(PER_FACTOR * log(loss_of(task, &neuron)));
        }
        const Rect line = { plot->area.x, plot->area.y + height * (float)row, plot->area.width,
                            height };
        draw_cells(list, line, 1, COLUMNS, values, -4 * PER_FACTOR, 4 * PER_FACTOR);
    }
}

bool valley_picture(const NeuronTask *task, const char *path, Error *error) {
    static const struct {
        int step;
        float dx, dy;
    } marks[] = { { 0, 14, 0 }, { 10, 14, 0 }, { 100, -12, 14 }, { 10000, 12, -14 } };
    const Plot plot = { { 92, 144, 824, 390 }, -2.5, 1.5, 0.0, 2.5, false };
    char title[96], text[96];
    Neuron neuron = task->start;
    snprintf(title, sizeof title, "The loss over two weights, bias and out, while in stays at %g",
             neuron.in);
    snprintf(text, sizeof text, "dark is low; from one shade to the next the loss grows %.1f-fold",
             exp(1.0 / PER_FACTOR));
    DrawList list = diagram_new(960, 610, title, text);
    plot_axes(&list, &plot, "bias", "out");
    draw_plane(&list, task, &plot);
    for (int step = 0, mark = 0; step <= 10000; step++) {
        Neuron next = neuron;
        step_downhill(&next, task, true, task->learning_rate);
        draw_line(&list, plot_x(&plot, neuron.bias), plot_y(&plot, neuron.out),
                  plot_x(&plot, next.bias), plot_y(&plot, next.out), 3, 0xffffff);
        if (step == marks[mark].step) {
            snprintf(text, sizeof text,
                     step < 1000 ? "step %d: loss %.3f" : "step %d,000: loss %.3f",
                     step < 1000 ? step : step / 1000, loss_of(task, &neuron));
            plot_mark(&list, &plot, neuron.bias, neuron.out, 0xffffff, text, marks[mark].dx,
                      marks[mark].dy);
            mark++;
        }
        neuron = next;
    }
    return diagram_write(&list, path, error);
}

// ---- layers

static void draw_fit(DrawList *list, const FitCurves *fits, int panel) {
    const Rect area = { 76 + 304 * (float)(panel % 3), 142 + 266 * (float)(panel / 3), 240, 166 };
    const Plot plot = { area, -2, 2, -1.5, 1.5, false };
    char text[64];
    plot_axes(list, &plot, "", "");
    plot_curve(list, &plot, fits->line_x, fits->panels[panel].line, fits->line_points,
               COLOR_ACCENT);
    for (int i = 0; i < fits->points; i++)
        plot_mark(list, &plot, fits->x[i], fits->target[i], COLOR_TEXT, NULL, 0, 0);
    snprintf(text, sizeof text, "%s: %.4f", fits->panels[panel].name, fits->panels[panel].loss);
    draw_text(list, area.x, area.y - 32, DIAGRAM_NOTE, COLOR_TEXT, text);
}

bool fits_picture(const FitCurves *fits, const char *path, Error *error) {
    DrawList list = diagram_new(960, 622, "A layer learns a curve that no single neuron can",
                                "dots: the points to learn; line: the layer; number: its loss");
    for (int panel = 0; panel < FIT_PANELS; panel++) draw_fit(&list, fits, panel);
    return diagram_write(&list, path, error);
}

// ---- a dot product

// An arrow from the center of the plot to the vector.
static void draw_vector(DrawList *list, const Plot *plot, const double *v, Color color,
                        const char *name, float dx, float dy) {
    float x = plot_x(plot, v[0]), y = plot_y(plot, v[1]);
    diagram_arrow(list, plot_x(plot, 0.0), plot_y(plot, 0.0), x, y, 4, color);
    diagram_text(list, x + dx, y + dy, DIAGRAM_TEXT, color, name);
}

// From the direction of x to that of the pattern.
static void draw_angle(DrawList *list, float x, float y, double angle) {
    enum { PIECES = 24 };
    const float radius = 26;
    for (int i = 0; i < PIECES; i++) {
        float from = (float)(angle * i / PIECES), to = (float)(angle * (i + 1) / PIECES);
        draw_line(list, x + radius * cosf(from), y - radius * sinf(from), x + radius * cosf(to),
                  y - radius * sinf(to), 2, COLOR_DIM);
    }
}

static void draw_dot_product(DrawList *list, Rect area, double degrees) {
    const double angle = degrees * acos(-1.0) / 180.0, length = 1.5;
    const double x[2] = { 2.0, 0.0 }, pattern[2] = { length * cos(angle), length * sin(angle) };
    const Plot plot = { area, -1.6, 2.4, -0.4, 1.8, false };
    double product;
    char text[64], number[NUMBER_TEXT];
    linear(&product, x, pattern, 2, 1);
    float center = plot_x(&plot, 0.0), ground = plot_y(&plot, 0.0);
    float foot = plot_x(&plot, pattern[0]), tip = plot_y(&plot, pattern[1]);
    draw_line(list, area.x, ground, area.x + area.width, ground, 1, COLOR_FAINT);
    if (tip < ground - 1) diagram_dashes(list, foot, tip, foot, ground, COLOR_DIM);
    draw_angle(list, center, ground, angle);
    draw_vector(list, &plot, x, COLOR_TEXT, "x", 14, -4);
    draw_vector(list, &plot, pattern, COLOR_ACCENT, "pattern", 0, -20);
    draw_line(list, center, ground + 14, foot, ground + 14, 7, color_class(product < 0 ? 5 : 1));
    float middle = area.x + area.width / 2;
    snprintf(text, sizeof text, "angle %.0f degrees", degrees);
    diagram_text(list, middle, area.y + area.height + 22, DIAGRAM_NOTE, COLOR_DIM, text);
    snprintf(text, sizeof text, "x · pattern = %s", number_text(number, product, 2));
    diagram_text(list, middle, area.y + area.height + 52, DIAGRAM_TEXT + 3, COLOR_TEXT, text);
}

bool dot_picture(const char *picture, Error *error) {
    static const double angles[] = { 20, 60, 90, 130 };
    DrawList list = diagram_new(960, 350, "A dot product says how well two vectors agree",
                                "bar: how far the pattern reaches in the direction of x; times "
                                "the length of x, that is the product");
    for (int i = 0; i < 4; i++)
        draw_dot_product(&list, (Rect){ 30 + 226 * (float)i, 110, 222, 122 }, angles[i]);
    return diagram_write(&list, picture, error);
}
