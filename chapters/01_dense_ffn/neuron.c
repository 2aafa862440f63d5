#include "chapters/01_dense_ffn/neuron.h"
#include "chapters/01_dense_ffn/dense_ffn.h"

// [output
double neuron_output(const Neuron *n, double x) { return n->out * gelu(n->in * x + n->bias); }
// output]

// [loss
double neuron_loss(const Neuron *n, const double *x, const double *wanted, int points) {
    double sum = 0.0;
    for (int i = 0; i < points; i++) {
        double error = neuron_output(n, x[i]) - wanted[i];
        sum += error * error;
    }
    return sum / points;
}
// loss]

// [gradient
Neuron neuron_gradient(const Neuron *n, const double *x, const double *wanted, int points) {
    Neuron d = { 0.0, 0.0, 0.0 };
    for (int i = 0; i < points; i++) {
        double before = n->in * x[i] + n->bias, after = gelu(before);
        // of error², the mean of all points
        double dy = 2.0 * (n->out * after - wanted[i]) / points;
        double dbefore = dy * n->out * gelu_derivative(before);
        d.out += dy * after;
        d.in += dbefore * x[i];
        d.bias += dbefore;
    }
    return d;
}

void neuron_step(Neuron *n, const Neuron *gradient, double rate) {
    n->in -= rate * gradient->in;
    n->bias -= rate * gradient->bias;
    n->out -= rate * gradient->out;
}
// gradient]
