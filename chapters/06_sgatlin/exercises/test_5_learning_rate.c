#include "chapters/06_sgatlin/exercises/train.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sweep(double *losses, SgatlinLayer *l, double *scratch, const double *x, const double *target,
          int N, int steps, const double *rates, int count);

enum { D = 3, F = 4, K = 2, DK = 3 };
enum { QUERY = D * DK, KEYS = DK * F, NEURONS = F * D, WEIGHTS = QUERY + KEYS + 2 * NEURONS };
static const Sgatlin sizes = { .router = DENSE, .D = D, .F = F, .C = 1, .K = K, .Dk = DK };

// The points (a, b, 1) of a grid of 7 by 7, whose target is a·b.
enum { POINTS = 49 };
static double x[POINTS * D], target[POINTS];

typedef struct {
    SgatlinLayer layer;
    double *block, *sweep_scratch;
    int ints[3 * K], choice[POINTS * K];
} Example;

static SgatlinWeights views(double *block) {
    double *in = block + QUERY + KEYS;
    return (SgatlinWeights){ { block, block + QUERY }, in, in + NEURONS };
}

// At random; the gradients are what another step might have left.
static void start(Example *e) {
    size_t token = sgatlin_token_doubles(&sizes);
    e->block = new_doubles(4 * WEIGHTS + token + sgatlin_scratch(&sizes));
    double *weights = e->block, *gradients = weights + WEIGHTS, *rest = weights + 4 * WEIGHTS;
    e->sweep_scratch = weights + 2 * WEIGHTS;
    e->layer = (SgatlinLayer){ sizes,
                               WEIGHTS,
                               weights,
                               gradients,
                               views(weights),
                               views(gradients),
                               sgatlin_token(rest, e->ints + 2 * K, &sizes),
                               e->ints,
                               rest + token };
    fill(weights, WEIGHTS, 0.6, 1, "weights");
    fill(gradients, WEIGHTS, 1.0, 1, "gradients");
    for (int n = 0; n < POINTS; n++) {
        double a = (n / 7 - 3) / 3.0, b = (n % 7 - 3) / 3.0;
        memcpy(x + n * D, (double[]){ a, b, 1.0 }, D * sizeof *x);
        target[n] = a * b;
    }
}

static double mean_loss(void *context) {
    Example *e = context;
    SgatlinLayer *l = &e->layer;
    double y[D], sum = 0.0;
    for (int n = 0; n < POINTS; n++) {
        sgatlin_forward(y, &l->saved, l->ints, x + n * D, &l->w, &sizes);
        memcpy(e->choice + n * K, l->saved.index, K * sizeof(int));
        sum += (y[0] - target[n]) * (y[0] - target[n]) / POINTS;
    }
    return sum;
}

static int sweep_example(double *losses, Example *e, int steps, const double *rates, int count) {
    int best = sweep(losses, &e->layer, e->sweep_scratch, x, target, POINTS, steps, rates, count);
    ck_assert_msg(best >= 0 && best < count, "the best is %d, of 0 to %d", best, count - 1);
    return best;
}

// One step with one rate: what it moves, divided by -rate, is the slope at each weight.
START_TEST(a_step_is_the_slope)
{
    Example e;
    start(&e);
    double before[WEIGHTS], gradient[WEIGHTS], rate = 0x1p-10, loss;
    memcpy(before, e.block, sizeof before);
    sweep_example(&loss, &e, 1, &rate, 1);
    expect_number("the loss", loss, mean_loss(&e), 1e-12);
    for (int i = 0; i < WEIGHTS; i++) gradient[i] = (before[i] - e.block[i]) / rate;
    memcpy(e.block, before, sizeof before);
    expect_slopes("gradient", e.block, gradient, WEIGHTS,
                  &(Slopes){ mean_loss, &e, e.choice, POINTS * K });
    free(e.block);
}
END_TEST

// Three rates in one sweep, and each in one of its own: the losses are the same.
START_TEST(every_rate_starts_alike)
{
    const double rates[] = { 0.3, 0.01, 0.1 };
    double together[3], alone[3];
    Example e;
    start(&e);
    sweep_example(together, &e, 20, rates, 3);
    free(e.block);
    for (int i = 0; i < 3; i++) {
        start(&e);
        sweep_example(&alone[i], &e, 20, &rates[i], 1);
        free(e.block);
    }
    expect("losses", together, alone, 3, 1e-12);
}
END_TEST

// With a rate of 10 the loss is soon NaN, which is neither above nor below any number.
START_TEST(nan_is_not_the_lowest)
{
    const double rates[] = { 10, 0.01, 10 };
    double losses[3];
    Example e;
    start(&e);
    int best = sweep_example(losses, &e, 100, rates, 3);
    expect_number("the best", best, 1, 0);
    ck_assert_msg(losses[0] == INFINITY && losses[2] == INFINITY,
                  "losses[0] and [2] are %g and %g, expected infinity", losses[0], losses[2]);
    expect_number("the loss of the layer at the end", mean_loss(&e), losses[1], 1e-12);
    free(e.block);
}
END_TEST

// Four linear neurons, two at a time, learn a·b.
START_TEST(linear_neurons_multiply)
{
    static const double rates[] = { 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3 };
    double losses[COUNT_OF(rates)];
    Example e;
    start(&e);
    printf("Always 0 has the loss 0.1975; the start has %.4f.\n", mean_loss(&e));
    int best = sweep_example(losses, &e, 300, rates, COUNT_OF(rates));
    for (size_t i = 0; i < COUNT_OF(rates); i++)
        printf("rate %5g: loss %.5f after 300 steps\n", rates[i], losses[i]);
    // measured: 0.00007 with rate 1, the last one before infinity
    ck_assert_msg(losses[best] < 1e-3, "the lowest loss is %g, expected under 0.001", losses[best]);
    expect_number("the loss of the layer at the end", mean_loss(&e), losses[best], 1e-12);
    free(e.block);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_step_is_the_slope },
        { every_rate_starts_alike },
        { nan_is_not_the_lowest },
        { linear_neurons_multiply },
    };
    return run_tests("06-5 the learning rate", tests, COUNT_OF(tests));
}
