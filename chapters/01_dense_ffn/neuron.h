#ifndef CHAPTERS_01_DENSE_FFN_NEURON_H
#define CHAPTERS_01_DENSE_FFN_NEURON_H

// One neuron with one input: y = out · gelu(in · x + bias). The lesson starts here.
// [neuron
typedef struct {
    double in, bias, out; // its three weights
} Neuron;

double neuron_output(const Neuron *n, double x);
// neuron]

// The loss: the mean of (output - target)² over the points (x[i], target[i]).
double neuron_loss(const Neuron *n, const double *x, const double *target, int points);
// The gradient, written: how much the loss rises when a weight rises by a little.
Neuron neuron_gradient(const Neuron *n, const double *x, const double *target, int points);
// One step of gradient descent: moves every weight by learning_rate times its gradient, downhill.
void neuron_step(Neuron *n, const Neuron *gradient, double learning_rate);
#endif
