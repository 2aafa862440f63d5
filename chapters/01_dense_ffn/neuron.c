#include "chapters/01_dense_ffn/neuron.h"
#include "chapters/01_dense_ffn/dense_ffn.h"

// [output
double neuron_output(const Neuron *n, double x) { return n->out * gelu(n->in * x + n->bias); }
// output]

// [loss
double neuron_loss(const Neuron *n, const double *x, const double *target, int points) {
    double sum = 0.0;
    for (int i = 0; i < points; i++) {
        double error = neuron_output(n, x[i]) - target[i];
        sum += error * error;
    }
    return sum / points;
}
// loss]

// [gradient
Neuron neuron_gradient(const Neuron *n, const double *x, const double *target, int points) {
    Neuron d = { 0.0, 0.0, 0.0 };
    for (int i = 0; i < points; i++) {
        double preactivation = n->in * x[i] + n->bias, hidden = gelu(preactivation);
        // the loss is the mean of error²
        double dy = 2.0 * (n->out * hidden - target[i]) / points;
        double dpreactivation = dy * n->out * gelu_derivative(preactivation);
        d.out += dy * hidden;
        d.in += dpreactivation * x[i];
        d.bias += dpreactivation;
    }
    return d;
}

void neuron_step(Neuron *n, const Neuron *gradient, double learning_rate) {
    n->in -= learning_rate * gradient->in;
    n->bias -= learning_rate * gradient->bias;
    n->out -= learning_rate * gradient->out;
}
// gradient]
