#ifndef CHAPTERS_01_DENSE_FFN_DENSE_FFN_H
#define CHAPTERS_01_DENSE_FFN_DENSE_FFN_H

// The dense feed-forward layer of a transformer, in its two usual forms: forward and backward, for
// one token.
//
// A token is a vector x [D]; the layer has F neurons and returns y [D]. Matrices are [in,out],
// row-major, so that a layer is y = x W. dNAME is the gradient of the loss with respect to NAME:
// how much the loss rises when NAME rises by a little. Gradients of inputs are written; those of
// parameters are added to, because they are sums over tokens. Nothing is allocated: the caller owns
// all memory. Arrays that are written must not overlap any other.

double sigmoid(double x); // 1 / (1 + e^-x): from 0 to 1
// x/2·(1 + tanh(sqrt(2/pi)·(x + 0.044715 x³))). Hendrycks and Gimpel 2016, section 2
double gelu(double x);
double gelu_derivative(double x);

// y [out] = x [in] · w [in,out]
void linear(double *y, const double *x, const double *w, int in, int out);
// dx [in] = w · dy;  dw [in,out] += x ⊗ dy
void linear_backward(double *dx, double *dw, const double *dy, const double *x, const double *w,
                     int in, int out);

typedef struct {
    int D, F; // width of a token, number of neurons
} DenseSizes;

// An mlp's parameters, or their gradients.
typedef struct {
    double *up, *down; // [D,F], [F,D]
} MlpWeights;

// What forward saves for backward: each neuron's value before gelu and after it.
typedef struct {
    double *preactivation, *hidden; // [F], [F]
} MlpSaved;

// y [D] = gelu(x [D] · up) · down. Vaswani 2017, equation 2, without biases and with gelu for relu.
void mlp_forward(double *y, const MlpSaved *saved, const double *x, const MlpWeights *w,
                 const DenseSizes *s);
// dx [D] is written, dw added to. scratch: F doubles.
void mlp_backward(double *dx, const MlpWeights *dw, double *scratch, const double *dy,
                  const MlpSaved *saved, const double *x, const MlpWeights *w, const DenseSizes *s);

// A gated layer's parameters, or their gradients.
typedef struct {
    double *up, *up_bias;     // [D,2F], [2F]: the gate's half, then the other
    double *down, *down_bias; // [F,D], [D]
} GluWeights;

// What forward saves for backward.
typedef struct {
    double *gate_up; // [2F]: g, then u, before they are clamped
    double *hidden;  // [F]
} GluSaved;

// The gated form (Shazeer 2020, equations 5 and 6), clamped as in OpenAI's gpt-oss, whose constants
// the sgatlin paper uses:
//     [g, u] = x [D] · up + up_bias;             g = min(g, 7), u = u clamped to -7 .. 7
//     hidden = g·sigmoid(1.702 g)·(u + 1);       y [D] = hidden · down + down_bias
void glu_forward(double *y, const GluSaved *saved, const double *x, const GluWeights *w,
                 const DenseSizes *s);
// dx [D] is written, dw added to. scratch: 3·F doubles.
void glu_backward(double *dx, const GluWeights *dw, double *scratch, const double *dy,
                  const GluSaved *saved, const double *x, const GluWeights *w, const DenseSizes *s);
#endif
