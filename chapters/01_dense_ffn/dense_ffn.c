#include "chapters/01_dense_ffn/dense_ffn.h"
#include <math.h>
#include <stddef.h>

double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

static const double GELU_SCALE = 0.79788456080286535588; // sqrt(2/pi)
static const double GELU_CUBIC = 0.044715;

// [gelu
double gelu(double x) { return 0.5 * x * (1.0 + tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x))); }
// gelu]

double gelu_derivative(double x) {
    double t = tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x));
    return 0.5 * (1.0 + t) +
           0.5 * x * (1.0 - t * t) * GELU_SCALE * (1.0 + 3.0 * GELU_CUBIC * x * x);
}

// [linear
// Row i of w is what input i adds to the outputs: walking along rows reads memory in order.
void linear(double *y, const double *x, const double *w, int in, int out) {
    for (int o = 0; o < out; o++) y[o] = 0.0;
    for (int i = 0; i < in; i++) {
        for (int o = 0; o < out; o++) y[o] += x[i] * w[(size_t)i * out + o];
    }
}

void linear_backward(double *dx, double *dw, const double *dy, const double *x, const double *w,
                     int in, int out) {
    for (int i = 0; i < in; i++) {
        double sum = 0.0;
        for (int o = 0; o < out; o++) {
            sum += dy[o] * w[(size_t)i * out + o];
            dw[(size_t)i * out + o] += dy[o] * x[i];
        }
        dx[i] = sum;
    }
}
// linear]

// [mlp
void mlp_forward(double *y, double *preactivation, double *hidden, const double *x,
                 const double *up, const double *down, int D, int F) {
    linear(preactivation, x, up, D, F);
    for (int f = 0; f < F; f++) hidden[f] = gelu(preactivation[f]);
    linear(y, hidden, down, F, D);
}

void mlp_backward(double *dx, double *dup, double *ddown, double *scratch, const double *dy,
                  const double *x, const double *preactivation, const double *hidden,
                  const double *up, const double *down, int D, int F) {
    double *dneuron = scratch; // [F] of `hidden` first, then of `preactivation`
    linear_backward(dneuron, ddown, dy, hidden, down, F, D);
    for (int f = 0; f < F; f++) dneuron[f] *= gelu_derivative(preactivation[f]);
    linear_backward(dx, dup, dneuron, x, up, D, F);
}
// mlp]

static const double GLU_LIMIT = 7.0;
static const double GLU_SLOPE = 1.702; // x·sigmoid(1.702 x) is within 0.03 of gelu(x)

static double cut_above(double g) { return g > GLU_LIMIT ? GLU_LIMIT : g; }
static double cut_both(double u) {
    return u > GLU_LIMIT ? GLU_LIMIT : u < -GLU_LIMIT ? -GLU_LIMIT : u;
}

// [glu
void glu_forward(double *y, double *gate_up, double *hidden, const double *x, const double *up,
                 const double *up_bias, const double *down, const double *down_bias, int D, int F) {
    linear(gate_up, x, up, D, 2 * F);
    for (int f = 0; f < 2 * F; f++) gate_up[f] += up_bias[f];
    for (int f = 0; f < F; f++) {
        double g = cut_above(gate_up[f]), u = cut_both(gate_up[F + f]);
        hidden[f] = g * sigmoid(GLU_SLOPE * g) * (u + 1.0);
    }
    linear(y, hidden, down, F, D);
    for (int d = 0; d < D; d++) y[d] += down_bias[d];
}
// glu]

// What was cut passes nothing back: a little more of it changes nothing.
static void gate_backward(double *dg, double *du, double dhidden, double g, double u) {
    double gate = cut_above(g), value = cut_both(u), s = sigmoid(GLU_SLOPE * gate);
    double slope = s + gate * GLU_SLOPE * s * (1.0 - s);
    *dg = g < GLU_LIMIT ? dhidden * slope * (value + 1.0) : 0.0;
    *du = u > -GLU_LIMIT && u < GLU_LIMIT ? dhidden * gate * s : 0.0;
}

void glu_backward(double *dx, double *dup, double *dup_bias, double *ddown, double *ddown_bias,
                  double *scratch, const double *dy, const double *x, const double *gate_up,
                  const double *hidden, const double *up, const double *down, int D, int F) {
    double *dgate_up = scratch, *dhidden = scratch + 2 * (size_t)F; // [2F] and [F]
    linear_backward(dhidden, ddown, dy, hidden, down, F, D);
    for (int d = 0; d < D; d++) ddown_bias[d] += dy[d];
    for (int f = 0; f < F; f++)
        gate_backward(&dgate_up[f], &dgate_up[F + f], dhidden[f], gate_up[f], gate_up[F + f]);
    for (int f = 0; f < 2 * F; f++) dup_bias[f] += dgate_up[f];
    linear_backward(dx, dup, dgate_up, x, up, D, 2 * F);
}
