// The experiments of the lesson. The output is always the same, except that of `cost`.
#include "chapters/demo.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/01_dense_ffn/dense_scores.h"
#include "chapters/01_dense_ffn/neuron.h"
#include "chapters/01_dense_ffn/pictures.h"
#include "reference/draw/chart.h"
#include "reference/io/progress.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DRAWN = 241 }; // points per line of a picture

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
    plus_signs(px, py, gigabytes, euros, POINTS, 0.06, 0.09);
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
                          .series_count = COUNT_OF(series) };
    return chart_write_png(&chart, path, error);
}

// The loss of the best straight line: linear regression. x [points,stride], of which the first of
// each row counts.
static double straight_line_loss(const double *x, int stride, const double *target, int points) {
    double x_mean = 0.0, mean = 0.0, xx = 0.0, xy = 0.0, sum = 0.0;
    for (int i = 0; i < points; i++) {
        x_mean += x[i * stride] / points;
        mean += target[i] / points;
    }
    for (int i = 0; i < points; i++) {
        xx += (x[i * stride] - x_mean) * (x[i * stride] - x_mean);
        xy += (x[i * stride] - x_mean) * target[i];
    }
    for (int i = 0; i < points; i++) {
        double error = xy / xx * (x[i * stride] - x_mean) + mean - target[i];
        sum += error * error;
    }
    return sum / points;
}

static bool show_neuron(const char *picture, Error *error) {
    printf("  step     loss       in     bias      out  the bend\n");
    for (int steps = 0; steps <= 100000; steps = steps == 0 ? 1 : 10 * steps) {
        Neuron neuron = trained(steps);
        double loss = neuron_loss(&neuron, gigabytes, euros, POINTS);
        printf("%6d %8.4f %8.4f %8.4f %8.4f %9.4f\n", steps, loss, neuron.in, neuron.bias,
               neuron.out, -neuron.bias / neuron.in);
    }
    printf("the best straight line: %.4f\n", straight_line_loss(gigabytes, 1, euros, POINTS));
    return picture == NULL || neuron_picture(picture, error);
}

// ---- nudge: the gradient says how the loss changes when a weight changes a little
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

// ---- chain: the chain rule, point by point; the loss is a mean, so each point counts 1/POINTS
static bool show_chain(const char *picture, Error *error) {
    (void)picture, (void)error;
    const Neuron neuron = trained(0);
    Neuron sum = neuron_gradient(&neuron, gigabytes, euros, POINTS);
    printf(
        " x  target  preactivation  hidden       y       dy   slope     d.in   d.bias    d.out\n");
    for (int i = 0; i < POINTS; i++) {
        double preactivation = neuron.in * gigabytes[i] + neuron.bias;
        double y = neuron_output(&neuron, gigabytes[i]);
        Neuron d = neuron_gradient(&neuron, &gigabytes[i], &euros[i], 1);
        printf("%2g %7.1f %14.4f %7.4f %7.4f %8.4f %7.4f %8.4f %8.4f %8.4f\n", gigabytes[i],
               euros[i], preactivation, gelu(preactivation), y, 2.0 * (y - euros[i]) / POINTS,
               gelu_derivative(preactivation), d.in / POINTS, d.bias / POINTS, d.out / POINTS);
    }
    printf("all seven, added up: %46.4f %8.4f %8.4f\n", sum.in, sum.bias, sum.out);
    return true;
}

// ---- steps, valley: the loss as a landscape
static NeuronTask neuron_task(void) {
    return (NeuronTask){ gigabytes, euros, POINTS, trained(0), 0.02 };
}

static bool show_steps(const char *picture, Error *error) {
    const NeuronTask task = neuron_task();
    return steps_picture(&task, picture, error);
}

static bool show_valley(const char *picture, Error *error) {
    const NeuronTask task = neuron_task();
    return valley_picture(&task, picture, error);
}

// ---- layer, gate: F neurons learn what one cannot
enum { MAX_F = 16, MAX_D = TASK_MAX_D };

// A layer that is being fitted. Like any such layer it has D outputs; the first is the prediction,
// the others are ignored. STRAIGHT is the mlp without gelu.
typedef enum { STRAIGHT, MLP, GLU } Kind;
typedef struct {
    Kind kind;
    DenseSizes sizes;
    double up[MAX_D * 2 * MAX_F], down[MAX_F * MAX_D];
    double bias[2 * MAX_F]; // of the glu: stays 0
    double preactivation[2 * MAX_F], hidden[MAX_F];
} Fit;

static int up_width(const Fit *fit) { return fit->kind == GLU ? 2 * fit->sizes.F : fit->sizes.F; }

static double fit_output(Fit *fit, const double *x) {
    double y[MAX_D];
    if (fit->kind == MLP) {
        const MlpWeights w = { fit->up, fit->down };
        mlp_forward(y, &(MlpSaved){ fit->preactivation, fit->hidden }, x, &w, &fit->sizes);
    }
    if (fit->kind == GLU) {
        const GluWeights w = { fit->up, fit->bias, fit->down, fit->bias };
        glu_forward(y, &(GluSaved){ fit->preactivation, fit->hidden }, x, &w, &fit->sizes);
    }
    if (fit->kind == STRAIGHT) {
        linear(fit->hidden, x, fit->up, fit->sizes.D, fit->sizes.F);
        linear(y, fit->hidden, fit->down, fit->sizes.F, fit->sizes.D);
    }
    return y[0];
}

static double fit_loss(Fit *fit, const Task *task) {
    double sum = 0.0;
    for (int i = 0; i < task->points; i++) {
        double error = fit_output(fit, task->x + i * task->D) - task->target[i];
        sum += error * error;
    }
    return sum / task->points;
}

static void add_gradient(double *dup, double *ddown, Fit *fit, const double *dy, const double *x) {
    double dx[MAX_D], scratch[3 * MAX_F], dbias[2 * MAX_F + MAX_D] = { 0 };
    if (fit->kind == MLP) {
        const MlpSaved saved = { fit->preactivation, fit->hidden };
        const MlpWeights w = { fit->up, fit->down }, dw = { dup, ddown };
        mlp_backward(dx, &dw, scratch, dy, &saved, x, &w, &fit->sizes);
    }
    if (fit->kind == GLU) {
        const GluSaved saved = { fit->preactivation, fit->hidden };
        const GluWeights w = { fit->up, fit->bias, fit->down, fit->bias },
                         dw = { dup, dbias, ddown, dbias + 2 * MAX_F };
        glu_backward(dx, &dw, scratch, dy, &saved, x, &w, &fit->sizes);
    }
    if (fit->kind == STRAIGHT) {
        linear_backward(scratch, ddown, dy, fit->hidden, fit->down, fit->sizes.F, fit->sizes.D);
        linear_backward(dx, dup, scratch, x, fit->up, fit->sizes.D, fit->sizes.F);
    }
}

// The initial weights are random: neurons that start equal would stay equal.
static void fit_new(Fit *fit, Kind kind, int D, int F, uint64_t seed) {
    *fit = (Fit){ .kind = kind, .sizes = { D, F } };
    for (int i = 0; i < D * up_width(fit); i++)
        fit->up[i] = 2.0 * random_normal(random_key(seed, "up"), i);
    for (int i = 0; i < F * D; i++)
        fit->down[i] = random_normal(random_key(seed, "down"), i) / sqrt(F);
}

// [descent
static void fit_train(Fit *fit, const Task *task, int steps, double learning_rate) {
    int up_count = fit->sizes.D * up_width(fit), down_count = fit->sizes.F * fit->sizes.D;
    for (int step = 0; step < steps; step++) {
        double dup[MAX_D * 2 * MAX_F] = { 0 }, ddown[MAX_F * MAX_D] = { 0 };
        for (int i = 0; i < task->points; i++) {
            double error = fit_output(fit, task->x + i * task->D) - task->target[i];
            const double dy[MAX_D] = { 2.0 * error / task->points };
            add_gradient(dup, ddown, fit, dy, task->x + i * task->D);
        }
        for (int i = 0; i < up_count; i++) fit->up[i] -= learning_rate * dup[i];
        for (int i = 0; i < down_count; i++) fit->down[i] -= learning_rate * ddown[i];
    }
}
// descent]

static bool layer_picture(const char *path, Fit *layers, const Task *task, Error *error) {
    double x[DRAWN], lines[FIT_PANELS][DRAWN], sample_x[TASK_MAX_POINTS];
    FitCurves fits = { sample_x, task->target, task->points, x, DRAWN, { { "", 0, NULL } } };
    for (int i = 0; i < task->points; i++) sample_x[i] = task->x[i * task->D];
    for (int i = 0; i < DRAWN; i++) x[i] = -2.0 + 4.0 * i / (DRAWN - 1);
    for (int panel = 0; panel < FIT_PANELS; panel++) {
        Fit *layer = &layers[panel];
        for (int i = 0; i < DRAWN; i++) lines[panel][i] = fit_output(layer, (double[]){ x[i], 1 });
        snprintf(fits.panels[panel].name, sizeof fits.panels[panel].name, "%d neuron%s%s",
                 layer->sizes.F, layer->sizes.F == 1 ? "" : "s",
                 layer->kind == STRAIGHT ? ", no gelu" : "");
        fits.panels[panel].loss = fit_loss(layer, task);
        fits.panels[panel].line = lines[panel];
    }
    return fits_picture(&fits, path, error);
}

static bool show_layer(const char *picture, Error *error) {
    static const int widths[FIT_PANELS] = { 1, 2, 4, 8, 16, 16 };
    const Task task = wave_task();
    Fit fits[FIT_PANELS];
    printf("neurons  weights    loss\n");
    for (int row = 0; row < FIT_PANELS; row++) {
        bool straight = row == FIT_PANELS - 1;
        fit_new(&fits[row], straight ? STRAIGHT : MLP, task.D, widths[row], 5);
        fit_train(&fits[row], &task, 10000, 0.02);
        printf("%7d  %7d  %6.4f%s\n", widths[row], 3 * widths[row], fit_loss(&fits[row], &task),
               straight ? "  without gelu" : "");
    }
    printf("the best straight line: %.4f\n",
           straight_line_loss(task.x, task.D, task.target, task.points));
    return picture == NULL || layer_picture(picture, fits, &task, error);
}

// ---- gate: mlp and glu learn a·b, from many random starts, because one may be lucky
enum { STARTS = 40, STOPS = 2 };
static const int stops[STOPS] = { 3000, 10000 }; // steps after which the losses are compared

// [product
// The gates see a and -a; both values are b - 1, to which the layer adds 1.
static Fit product_by_hand(void) {
    return (Fit){ .kind = GLU,
                  .sizes = { .D = 3, .F = 2 },
                  .up = { 1, -1, 0, 0,    // a
                          0, 0, 1, 1,     // b
                          0, 0, -1, -1 }, // 1
                  .down = { 1, 0, 0,      // the first neuron
                            -1, 0, 0 } }; // minus the second
}
// product]

static void fit_from(double loss[STOPS][STARTS], Kind kind, int F, const Task *task) {
    for (int start = 0; start < STARTS; start++) {
        Fit fit;
        fit_new(&fit, kind, task->D, F, (uint64_t)start + 1);
        for (int stop = 0, steps = 0; stop < STOPS; steps = stops[stop++]) {
            fit_train(&fit, task, stops[stop] - steps, 0.02);
            loss[stop][start] = fit_loss(&fit, task);
        }
    }
}

static bool show_gate(const char *picture, Error *error) {
    (void)picture, (void)error;
    const Task task = product_task();
    double mlp[STOPS][STARTS], glu[STOPS][STARTS];
    fit_from(mlp, MLP, 7, &task);
    fit_from(glu, GLU, 4, &task);
    printf("%d starts    mlp, 7 neurons      glu, 4 neurons\n", STARTS);
    printf("  steps    median     worst    median     worst   the glu is ahead   sign test\n");
    for (int stop = 0; stop < STOPS; stop++) {
        int ahead = starts_ahead(glu[stop], mlp[stop], STARTS);
        sort_doubles(mlp[stop], STARTS);
        sort_doubles(glu[stop], STARTS);
        printf("%7d %9.4f %9.4f %9.4f %9.4f   %10d times   %9.4f\n", stops[stop],
               median(mlp[stop], STARTS), mlp[stop][STARTS - 1], median(glu[stop], STARTS),
               glu[stop][STARTS - 1], ahead, sign_test(ahead, STARTS));
    }
    Fit by_hand = product_by_hand();
    printf("a glu of 2 neurons, written by hand: %.4f\n", fit_loss(&by_hand, &task));
    return true;
}

// ---- cost: time on this machine
enum { COST_D = 256, COST_F = 1024, TIMED = 40 };

typedef struct {
    double x[COST_D], y[COST_D], dx[COST_D];
    double preactivation[2 * COST_F], hidden[COST_F], scratch[3 * COST_F];
    double up[COST_D * 2 * COST_F], up_bias[2 * COST_F], down[COST_F * COST_D], down_bias[COST_D];
    double dup[COST_D * 2 * COST_F], dup_bias[2 * COST_F], ddown[COST_F * COST_D],
        ddown_bias[COST_D];
} CostBuffers;

static void cost_call(CostBuffers *b, bool gated, bool backward) {
    static const DenseSizes sizes = { COST_D, COST_F };
    const MlpWeights mlp = { b->up, b->down }, dmlp = { b->dup, b->ddown };
    const GluWeights glu = { b->up, b->up_bias, b->down, b->down_bias },
                     dglu = { b->dup, b->dup_bias, b->ddown, b->ddown_bias };
    const MlpSaved mlp_saved = { b->preactivation, b->hidden };
    const GluSaved glu_saved = { b->preactivation, b->hidden };
    if (gated && backward)
        glu_backward(b->dx, &dglu, b->scratch, b->x, &glu_saved, b->x, &glu, &sizes);
    else if (gated)
        glu_forward(b->y, &glu_saved, b->x, &glu, &sizes);
    else if (backward)
        mlp_backward(b->dx, &dmlp, b->scratch, b->x, &mlp_saved, b->x, &mlp, &sizes);
    else
        mlp_forward(b->y, &mlp_saved, b->x, &mlp, &sizes);
}

// FLOPs: forward a multiplication and an addition per weight, backward twice that: one pair for dx,
// one for dw.
static bool show_cost(const char *picture, Error *error) {
    (void)picture;
    CostBuffers *buffers = calloc(1, sizeof *buffers);
    if (!buffers) return fail(error, "no memory for %zu bytes of weights", sizeof *buffers);
    for (int i = 0; i < COST_D; i++) buffers->x[i] = random_normal(random_key(1, "x"), i);
    for (int i = 0; i < COST_D * 2 * COST_F; i++)
        buffers->up[i] = 0.06 * random_normal(random_key(1, "up"), i);
    for (int i = 0; i < COST_D * COST_F; i++)
        buffers->down[i] = 0.03 * random_normal(random_key(1, "down"), i);
    printf(
        "D = %d, F = %d, one token in double     MFLOP   MiB of weights   microseconds   GFLOP/s\n",
        COST_D, COST_F);
    for (int row = 0; row < 4; row++) {
        bool gated = row >= 2, backward = row % 2;
        double best = INFINITY, weights = (gated ? 3.0 : 2.0) * COST_D * COST_F,
               flops = (backward ? 4 : 2) * weights;
        for (int i = 0; i < TIMED; i++) {
            double start = clock_seconds();
            cost_call(buffers, gated, backward);
            best = fmin(best, clock_seconds() - start);
        }
        printf("%s %-29s  %7.2f   %14.1f   %12.0f   %7.1f\n", gated ? "glu" : "mlp",
               backward ? "backward" : "forward", flops / 1e6, weights * sizeof(double) / (1 << 20),
               best * 1e6, flops / best / 1e9);
    }
    free(buffers);
    return true;
}

static bool show_scoreboard(const char *picture, Error *error) {
    Learner learners[MAX_LEARNERS];
    return tasks_show("01", learners, dense_learners(learners), picture, error);
}

static const DemoPart parts[] = {
    { "neuron", "one neuron learns seven points", WITH_PICTURE, show_neuron },
    { "nudge", "measures a gradient by nudging a weight", NO_PICTURE, show_nudge },
    { "chain", "the chain rule with numbers, point by point", NO_PICTURE, show_chain },
    { "gelu", "the bend and its slope", ONLY_PICTURE, gelu_picture },
    { "steps", "steps of three lengths", ONLY_PICTURE, show_steps },
    { "valley", "the loss over two weights, and a path of steps", ONLY_PICTURE, show_valley },
    { "dot", "dot products of vectors at four angles", ONLY_PICTURE, dot_picture },
    { "layer", "1 to 16 neurons learn a curve, with and without gelu", WITH_PICTURE, show_layer },
    { "gate", "mlp and glu learn to multiply, from 40 starts", NO_PICTURE, show_gate },
    { "cost", "operations, bytes and time of one token on this machine", NO_PICTURE, show_cost },
    { "scoreboard", "the layers so far learn two tasks", WITH_PICTURE, show_scoreboard },
};

int main(int count, char **arguments) {
    return demo_main("chapter-01", parts, COUNT_OF(parts), count, arguments);
}
