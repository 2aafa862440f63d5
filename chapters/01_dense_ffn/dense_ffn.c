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
// Row i of w is what input i adds to the outputs. The inner loop goes along rows, so that memory is
// read in order.
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
void mlp_forward(double *y, const MlpSaved *saved, const double *x, const MlpWeights *w,
                 const DenseSizes *s) {
    linear(saved->preactivation, x, w->up, s->D, s->F);
    for (int f = 0; f < s->F; f++) saved->hidden[f] = gelu(saved->preactivation[f]);
    linear(y, saved->hidden, w->down, s->F, s->D);
}

void mlp_backward(double *dx, const MlpWeights *dw, double *scratch, const double *dy,
                  const MlpSaved *saved, const double *x, const MlpWeights *w,
                  const DenseSizes *s) {
    double *dneuron = scratch; // [F]: the gradient of hidden, then of preactivation
    linear_backward(dneuron, dw->down, dy, saved->hidden, w->down, s->F, s->D);
    for (int f = 0; f < s->F; f++) dneuron[f] *= gelu_derivative(saved->preactivation[f]);
    linear_backward(dx, dw->up, dneuron, x, w->up, s->D, s->F);
}
// mlp]

static const double GLU_LIMIT = 7.0;
static const double GLU_SLOPE = 1.702; // x·sigmoid(1.702 x) is within 0.03 of gelu(x)

static double clamp_gate(double g) { return g > GLU_LIMIT ? GLU_LIMIT : g; }
static double clamp_up(double u) {
    if (u > GLU_LIMIT) return GLU_LIMIT;
    if (u < -GLU_LIMIT) return -GLU_LIMIT;
    return u;
}

// [glu
void glu_forward(double *y, const GluSaved *saved, const double *x, const GluWeights *w,
                 const DenseSizes *s) {
    int D = s->D, F = s->F;
    double *gate_up = saved->gate_up, *hidden = saved->hidden;
    linear(gate_up, x, w->up, D, 2 * F);
    for (int f = 0; f < 2 * F; f++) gate_up[f] += w->up_bias[f];
    for (int f = 0; f < F; f++) {
        double g = clamp_gate(gate_up[f]), u = clamp_up(gate_up[F + f]);
        hidden[f] = g * sigmoid(GLU_SLOPE * g) * (u + 1.0);
    }
    linear(y, hidden, w->down, F, D);
    for (int d = 0; d < D; d++) y[d] += w->down_bias[d];
}
// glu]

// Where a value was clamped, its gradient is 0: a small change of it changes nothing.
static void gate_backward(double *dg, double *du, double dhidden, double g, double u) {
    double gate = clamp_gate(g), value = clamp_up(u), s = sigmoid(GLU_SLOPE * gate);
    double slope = s + gate * GLU_SLOPE * s * (1.0 - s);
    *dg = g < GLU_LIMIT ? dhidden * slope * (value + 1.0) : 0.0;
    *du = u > -GLU_LIMIT && u < GLU_LIMIT ? dhidden * gate * s : 0.0;
}

void glu_backward(double *dx, const GluWeights *dw, double *scratch, const double *dy,
                  const GluSaved *saved, const double *x, const GluWeights *w,
                  const DenseSizes *s) {
    int D = s->D, F = s->F;
    const double *g = saved->gate_up, *u = g + F;
    double *dgate_up = scratch, *dhidden = scratch + 2 * (size_t)F; // [2F], [F]
    linear_backward(dhidden, dw->down, dy, saved->hidden, w->down, F, D);
    for (int d = 0; d < D; d++) dw->down_bias[d] += dy[d];
    for (int f = 0; f < F; f++)
        gate_backward(&dgate_up[f], &dgate_up[F + f], dhidden[f], g[f], u[f]);
    for (int f = 0; f < 2 * F; f++) dw->up_bias[f] += dgate_up[f];
    linear_backward(dx, dw->up, dgate_up, x, w->up, D, 2 * F);
}
