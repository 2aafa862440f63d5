#include "chapters/01_dense_ffn/neuron.h"
#include "chapters/pages/figures.h"

// As in the chapter's demo (tests/course/test_pages.sh compares them).
// [points
enum { POINTS = 7 };
static const double gigabytes[POINTS] = { 0, 1, 2, 3, 4, 5, 6 };
static const double euros[POINTS] = { 0.1, 0.0, 0.2, 1.1, 1.9, 3.1, 4.0 };
// points]
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

static json_t *weights(const Neuron *n) {
    return json_reals((double[]){ n->in, n->bias, n->out }, 3);
}

// The weights after some steps, the loss there, and its gradient.
static json_t *check(int steps) {
    Neuron n = trained(steps), gradient = neuron_gradient(&n, gigabytes, euros, POINTS);
    json_t *out = json_object();
    json_add(&out, "steps", json_integer(steps));
    json_add(&out, "weights", weights(&n));
    json_add(&out, "loss", json_real(neuron_loss(&n, gigabytes, euros, POINTS)));
    json_add(&out, "gradient", weights(&gradient));
    return out;
}

json_t *neuron_numbers(void) {
    Neuron start = trained(0);
    json_t *out = json_object(), *checks = json_array();
    for (int steps = 0; steps <= 10000; steps = steps == 0 ? 1 : 10 * steps)
        json_add_item(&checks, check(steps));
    json_add(&out, "x", json_reals(gigabytes, POINTS));
    json_add(&out, "target", json_reals(euros, POINTS));
    json_add(&out, "start", weights(&start));
    json_add(&out, "learning_rate", json_real(0.02));
    json_add(&out, "checks", checks);
    return out;
}
