#include "chapters/01_dense_ffn/neuron.h"
#include "tests/harness/expect.h"
#include <string.h>

typedef double Loss(const double *w, const void *context);
void nudge_gradient(double *dw, double *w, int count, double h, Loss *loss, const void *context);

// w0² · w1: 2 w0 w1 = 12 and w0² = 4 at (2, 3). The context is not used.
static double square_times(const double *w, const void *context) {
    (void)context;
    return w[0] * w[0] * w[1];
}

START_TEST(by_hand)
{
    double w[] = { 2, 3 }, dw[2];
    nudge_gradient(dw, w, 2, 1e-4, square_times, NULL);
    expect("dw", dw, (double[]){ 12, 4 }, 2, 1e-9);
}
END_TEST

static double cube(const double *w, const void *context) {
    (void)context;
    return w[0] * w[0] * w[0];
}
static double absolute_cube(const double *w, const void *context) {
    return w[0] < 0 ? -cube(w, context) : cube(w, context);
}

// At 0 a one-sided difference of |w|³ would be h²; the central difference is 0.
START_TEST(nudges_both_ways)
{
    double w[] = { 0 }, dw[] = { 1 };
    nudge_gradient(dw, w, 1, 0.125, absolute_cube, NULL);
    expect_number("dw of |w|³ at 0", dw[0], 0.0, 0.0);
}
END_TEST

// w³ at 1: the slope is 3, but a nudge of 1/2 measures (1.5³ - 0.5³) / 1 = 3.25.
START_TEST(nudges_by_h)
{
    double w[] = { 1 }, dw[1];
    nudge_gradient(dw, w, 1, 0.5, cube, NULL);
    expect_number("dw of w³ at 1 with h = 1/2", dw[0], 3.25, 0.0);
}
END_TEST

// 0.1 + h - h is not 0.1.
START_TEST(weights_come_back)
{
    double w[] = { 0.1, 0.7, 1e9 }, before[3], dw[3];
    memcpy(before, w, sizeof w);
    nudge_gradient(dw, w, 2, 0.3, square_times, NULL);
    expect("w", w, before, 3, 0.0);
}
END_TEST

static const double x[] = { 0, 1, 2 }, target[] = { 1, 0, 3 };
static double of_neuron(const double *w, const void *context) {
    const int *points = context;
    return neuron_loss(&(Neuron){ w[0], w[1], w[2] }, x, target, *points);
}

START_TEST(agrees_with_the_neuron)
{
    const int points = 3;
    double w[] = { 0.3, -0.2, 1.5 }, dw[3];
    Neuron d = neuron_gradient(&(Neuron){ w[0], w[1], w[2] }, x, target, points);
    nudge_gradient(dw, w, 3, 1e-5, of_neuron, &points);
    expect("dw", dw, (double[]){ d.in, d.bias, d.out }, 3, 1e-8);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { by_hand },           { nudges_both_ways },       { nudges_by_h },
        { weights_come_back }, { agrees_with_the_neuron },
    };
    return run_tests("01-3 a gradient by nudging", tests, COUNT_OF(tests));
}
