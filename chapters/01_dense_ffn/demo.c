// build/chapter-01 PART [PICTURE.png]: the experiments of the lesson. What is printed is the same
// each time, but for `cost`, which measures this machine.
#include "reference/support/demo.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/01_dense_ffn/neuron.h"
#include "reference/draw/chart.h"
#include "reference/io/progress.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DRAWN = 241 }; // points of a drawn line

// A plus sign at each point, in one stroke that never goes left; 7 values each, the last breaks the
// line.
static void draw_points(double *px, double *py, const double *x, const double *y, int points,
                        double w, double h) {
    for (int i = 0; i < points; i++) {
        const double sx[] = { -w, 0, 0, 0, 0, w, NAN }, sy[] = { 0, 0, h, -h, 0, 0, NAN };
        for (int j = 0; j < 7; j++) {
            px[7 * i + j] = x[i] + sx[j];
            py[7 * i + j] = y[i] + sy[j];
        }
    }
}

// ---- neuron: three weights learn seven points
// [points
enum { POINTS = 7 };
static const double gigabytes[POINTS] = { 0, 1, 2, 3, 4, 5, 6 };
static const double euros[POINTS] = { 0.1, 0.0, 0.2, 1.1, 1.9, 3.1, 4.0 };
// points]

static void draw_neuron(double *line, const double *x, Neuron neuron) {
    for (int i = 0; i < DRAWN; i++) line[i] = neuron_output(&neuron, x[i]);
}

// [train
static Neuron trained(int steps) {
    Neuron neuron = { .in = 0.5, .bias = 0.5, .out = 0.1 };
    for (int step = 0; step < steps; step++) {
        Neuron gradient = neuron_gradient(&neuron, gigabytes, euros, POINTS);
        neuron_step(&neuron, &gradient, 0.02);
    }
    return neuron;
}
// train]

static bool neuron_picture(const char *path, Error *error) {
    static const int steps[] = { 0, 10, 100, 10000 };
    double x[DRAWN], lines[4][DRAWN], px[7 * POINTS], py[7 * POINTS];
    for (int i = 0; i < DRAWN; i++) x[i] = 6.0 * i / (DRAWN - 1);
    for (int i = 0; i < 4; i++) draw_neuron(lines[i], x, trained(steps[i]));
    draw_points(px, py, gigabytes, euros, POINTS, 0.06, 0.09);
    const Series series[] = {
        { "before the first step", COLOR_DIM, x, lines[0], DRAWN },
        { "after 10 steps", color_class(1), x, lines[1], DRAWN },
        { "after 100", color_class(2), x, lines[2], DRAWN },
        { "after 10,000", COLOR_ACCENT, x, lines[3], DRAWN },
        { "the points", COLOR_TEXT, px, py, 7 * POINTS },
    };
    const Chart chart = { .title = "One neuron learns: out * gelu(in * x + bias)",
                          .x_label = "gigabytes",
                          .y_label = "euros",
                          .series = series,
                          .series_count = (int)(sizeof series / sizeof series[0]) };
    return chart_write_png(&chart, path, error);
}

static bool show_neuron(const char *picture, Error *error) {
    printf(" step     loss       in     bias      out\n");
    for (int steps = 0; steps <= 10000; steps = steps == 0 ? 1 : 10 * steps) {
        Neuron neuron = trained(steps);
        double loss = neuron_loss(&neuron, gigabytes, euros, POINTS);
        printf("%5d %8.4f %8.4f %8.4f %8.4f\n", steps, loss, neuron.in, neuron.bias, neuron.out);
    }
    return !picture || neuron_picture(picture, error);
}

// ---- nudge: the gradient is what the loss does when a weight is moved a little
static bool show_nudge(const char *picture, Error *error) {
    (void)picture, (void)error;
    const Neuron neuron = trained(0);
    Neuron nudged = neuron, gradient = neuron_gradient(&neuron, gigabytes, euros, POINTS);
    nudged.out += 0.001;
    double before = neuron_loss(&neuron, gigabytes, euros, POINTS);
    double after = neuron_loss(&nudged, gigabytes, euros, POINTS);
    printf("loss with out = 0.100:  %.4f\n", before);
    printf("loss with out = 0.101:  %.4f\n", after);
    printf("change per unit of out: %.2f\n", (after - before) / 0.001);
    printf("gradient of out:        %.2f\n", gradient.out);
    return true;
}

// ---- layer, gate: F neurons learn what one cannot
enum { WIDEST = 16, INPUTS = 3, SAMPLES = 49 };

typedef struct {
    int D, count;
    double x[SAMPLES][INPUTS], target[SAMPLES]; // x ends in a 1, whose row of `up` is the biases
} Samples;

static double curve(double x) { return sin(3.0 * x) + 0.5 * x; }

static Samples curve_samples(void) {
    Samples samples = { .D = 2, .count = 25 };
    for (int i = 0; i < samples.count; i++) {
        samples.x[i][0] = -2.0 + i / 6.0;
        samples.x[i][1] = 1.0;
        samples.target[i] = curve(samples.x[i][0]);
    }
    return samples;
}

// a·b on a grid of 7 by 7
static Samples product_samples(void) {
    Samples samples = { .D = 3, .count = 49 };
    for (int i = 0; i < samples.count; i++) {
        samples.x[i][0] = (i / 7 - 3) / 3.0;
        samples.x[i][1] = (i % 7 - 3) / 3.0;
        samples.x[i][2] = 1.0;
        samples.target[i] = samples.x[i][0] * samples.x[i][1];
    }
    return samples;
}

// A layer that is being fitted. D numbers come out, as from any such layer; the first is the
// answer, and nobody asks for the others. STRAIGHT is the mlp with gelu left out.
typedef enum { STRAIGHT, MLP, GLU } Kind;
typedef struct {
    Kind kind;
    int D, F;
    double up[INPUTS * 2 * WIDEST], down[WIDEST * INPUTS];
    double before[2 * WIDEST], after[WIDEST];
} Fit;

static const double NO_BIAS[2 * WIDEST] = { 0 };

static int up_width(const Fit *fit) { return fit->kind == GLU ? 2 * fit->F : fit->F; }

static double fit_output(Fit *fit, const double *x) {
    double y[INPUTS];
    if (fit->kind == MLP)
        mlp_forward(y, fit->before, fit->after, x, fit->up, fit->down, fit->D, fit->F);
    if (fit->kind == GLU)
        glu_forward(y, fit->before, fit->after, x, fit->up, NO_BIAS, fit->down, NO_BIAS, fit->D,
                    fit->F);
    if (fit->kind == STRAIGHT) {
        linear(fit->after, x, fit->up, fit->D, fit->F);
        linear(y, fit->after, fit->down, fit->F, fit->D);
    }
    return y[0];
}

static double fit_loss(Fit *fit, const Samples *samples) {
    double sum = 0.0;
    for (int i = 0; i < samples->count; i++) {
        double error = fit_output(fit, samples->x[i]) - samples->target[i];
        sum += error * error;
    }
    return sum / samples->count;
}

static void add_gradient(double *dup, double *ddown, Fit *fit, const double *dy, const double *x) {
    double dx[INPUTS], scratch[3 * WIDEST], dbias[2 * WIDEST + INPUTS] = { 0 };
    if (fit->kind == MLP)
        mlp_backward(dx, dup, ddown, scratch, dy, x, fit->before, fit->after, fit->up, fit->down,
                     fit->D, fit->F);
    if (fit->kind == GLU)
        glu_backward(dx, dup, dbias, ddown, dbias + 2 * WIDEST, scratch, dy, x, fit->before,
                     fit->after, fit->up, fit->down, fit->D, fit->F);
    if (fit->kind == STRAIGHT) {
        linear_backward(scratch, ddown, dy, fit->after, fit->down, fit->F, fit->D);
        linear_backward(dx, dup, scratch, x, fit->up, fit->D, fit->F);
    }
}

// The first weights are random: neurons that begin equal would stay equal.
static void fit_new(Fit *fit, Kind kind, int D, int F, uint64_t seed) {
    *fit = (Fit){ .kind = kind, .D = D, .F = F };
    for (int i = 0; i < D * up_width(fit); i++)
        fit->up[i] = 2.0 * random_normal(random_key(seed, "up"), i);
    for (int i = 0; i < F * D; i++)
        fit->down[i] = random_normal(random_key(seed, "down"), i) / sqrt(F);
}

// [descent
static void fit_train(Fit *fit, const Samples *samples, int steps, double learning_rate) {
    for (int step = 0; step < steps; step++) {
        double dup[INPUTS * 2 * WIDEST] = { 0 }, ddown[WIDEST * INPUTS] = { 0 };
        for (int i = 0; i < samples->count; i++) {
            double error = fit_output(fit, samples->x[i]) - samples->target[i];
            const double dy[INPUTS] = { 2.0 * error / samples->count };
            add_gradient(dup, ddown, fit, dy, samples->x[i]);
        }
        for (int i = 0; i < fit->D * up_width(fit); i++) fit->up[i] -= learning_rate * dup[i];
        for (int i = 0; i < fit->F * fit->D; i++) fit->down[i] -= learning_rate * ddown[i];
    }
}
// descent]

// The best that any straight line can do, by the textbook's formula for x that lie evenly around 0.
static double straight_line_loss(const Samples *samples) {
    double xx = 0.0, xy = 0.0, mean = 0.0, sum = 0.0;
    for (int i = 0; i < samples->count; i++) {
        xx += samples->x[i][0] * samples->x[i][0];
        xy += samples->x[i][0] * samples->target[i];
        mean += samples->target[i] / samples->count;
    }
    for (int i = 0; i < samples->count; i++) {
        double error = xy / xx * samples->x[i][0] + mean - samples->target[i];
        sum += error * error;
    }
    return sum / samples->count;
}

enum { FITS = 6 };

static bool layer_picture(const char *path, Fit *fits, Error *error) {
    double x[DRAWN], target[DRAWN], lines[FITS][DRAWN];
    for (int i = 0; i < DRAWN; i++) {
        x[i] = -2.0 + 4.0 * i / (DRAWN - 1);
        target[i] = curve(x[i]);
        for (int row = 0; row < FITS; row++)
            lines[row][i] = fit_output(&fits[row], (double[]){ x[i], 1 });
    }
    const Series series[] = {
        { "the curve", COLOR_TEXT, x, target, DRAWN },
        { "16 neurons without gelu", COLOR_DIM, x, lines[5], DRAWN },
        { "1 neuron", color_class(1), x, lines[0], DRAWN },
        { "2 neurons", color_class(2), x, lines[1], DRAWN },
        { "16 neurons", COLOR_ACCENT, x, lines[4], DRAWN },
    };
    const Chart chart = { .title = "A layer learns a curve that no single neuron can",
                          .x_label = "x",
                          .series = series,
                          .series_count = (int)(sizeof series / sizeof series[0]) };
    return chart_write_png(&chart, path, error);
}

static bool show_layer(const char *picture, Error *error) {
    static const int widths[FITS] = { 1, 2, 4, 8, 16, 16 };
    const Samples samples = curve_samples();
    Fit fits[FITS];
    printf("neurons  weights    loss\n");
    for (int row = 0; row < FITS; row++) {
        bool straight = row == FITS - 1;
        fit_new(&fits[row], straight ? STRAIGHT : MLP, samples.D, widths[row], 5);
        fit_train(&fits[row], &samples, 10000, 0.02);
        printf("%7d  %7d  %6.4f%s\n", widths[row], 3 * widths[row], fit_loss(&fits[row], &samples),
               straight ? "  without gelu" : "");
    }
    printf("the best straight line: %.4f\n", straight_line_loss(&samples));
    return !picture || layer_picture(picture, fits, error);
}

// One start may be lucky: nine of them.
static bool show_gate(const char *picture, Error *error) {
    (void)picture, (void)error;
    const Samples samples = product_samples();
    Fit mlp, glu;
    int won = 0;
    printf("start   mlp, 7 neurons   glu, 4 neurons\n");
    for (int seed = 1; seed <= 9; seed++) {
        fit_new(&mlp, MLP, samples.D, 7, seed);
        fit_new(&glu, GLU, samples.D, 4, seed);
        fit_train(&mlp, &samples, 3000, 0.02);
        fit_train(&glu, &samples, 3000, 0.02);
        printf("%5d   %14.4f   %14.4f\n", seed, fit_loss(&mlp, &samples), fit_loss(&glu, &samples));
        won += fit_loss(&glu, &samples) < fit_loss(&mlp, &samples);
    }
    printf("the glu is ahead in %d of 9\n", won);
    return true;
}

// ---- cost: this machine
enum { COST_D = 256, COST_F = 1024, TIMED = 40 };

typedef struct {
    double x[COST_D], y[COST_D], dx[COST_D], before[2 * COST_F], after[COST_F], scratch[3 * COST_F],
        bias[2 * COST_F];
    double up[COST_D * 2 * COST_F], down[COST_F * COST_D];
    double dup[COST_D * 2 * COST_F], ddown[COST_F * COST_D], dbias[2 * COST_F];
} CostBuffers;

static void cost_call(CostBuffers *r, bool gated, bool backward) {
    int D = COST_D, F = COST_F;
    if (gated && backward)
        glu_backward(r->dx, r->dup, r->dbias, r->ddown, r->dbias, r->scratch, r->x, r->x, r->before,
                     r->after, r->up, r->down, D, F);
    else if (gated)
        glu_forward(r->y, r->before, r->after, r->x, r->up, r->bias, r->down, r->bias, D, F);
    else if (backward)
        mlp_backward(r->dx, r->dup, r->ddown, r->scratch, r->x, r->x, r->before, r->after, r->up,
                     r->down, D, F);
    else
        mlp_forward(r->y, r->before, r->after, r->x, r->up, r->down, D, F);
}

// FLOPs: a multiplication and an addition for each weight forward, twice that backward (one for dx,
// one for dw).
static bool show_cost(const char *picture, Error *error) {
    (void)picture;
    CostBuffers *scratch = calloc(1, sizeof *scratch);
    if (!scratch) return fail(error, "no memory for %zu bytes of weights", sizeof *scratch);
    for (int i = 0; i < COST_D; i++) scratch->x[i] = random_normal(random_key(1, "x"), i);
    for (int i = 0; i < COST_D * 2 * COST_F; i++)
        scratch->up[i] = 0.06 * random_normal(random_key(1, "up"), i);
    for (int i = 0; i < COST_D * COST_F; i++)
        scratch->down[i] = 0.03 * random_normal(random_key(1, "down"), i);
    printf(
        "D = %d, F = %d, one token in double     MFLOP   MiB of weights   microseconds   GFLOP/s\n",
        COST_D, COST_F);
    for (int row = 0; row < 4; row++) {
        bool gated = row >= 2, backward = row % 2;
        double best = INFINITY, weights = (gated ? 3.0 : 2.0) * COST_D * COST_F,
               flops = (backward ? 4 : 2) * weights;
        for (int i = 0; i < TIMED; i++) {
            double start = clock_seconds();
            cost_call(scratch, gated, backward);
            best = fmin(best, clock_seconds() - start);
        }
        printf("%s %-29s  %7.2f   %14.1f   %12.0f   %7.1f\n", gated ? "glu" : "mlp",
               backward ? "backward" : "forward", flops / 1e6, weights * sizeof(double) / (1 << 20),
               best * 1e6, flops / best / 1e9);
    }
    free(scratch);
    return true;
}

static const DemoPart parts[] = {
    { "neuron", "one neuron learns seven points", show_neuron, true },
    { "nudge", "what a gradient is, tried by hand", show_nudge, false },
    { "layer", "1 to 16 neurons learn a curve, with and without gelu", show_layer, true },
    { "gate", "mlp and glu learn to multiply", show_gate, false },
    { "cost", "operations, bytes and time of one token on this machine", show_cost, false },
};

int main(int count, char **arguments) {
    return demo_main("chapter-01", parts, (int)(sizeof parts / sizeof parts[0]), count, arguments);
}
