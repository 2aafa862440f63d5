#ifndef DENSE_FFN_H
#define DENSE_FFN_H

// The dense feed-forward layer of a transformer, in its two usual forms: forward and backward, for
// one token.
//
// A token is a vector x [D]; the layer has F neurons and answers with y [D]. Matrices are [in,out],
// row-major, so that a layer is y = x W. dNAME is the gradient of the loss with respect to NAME:
// how much the loss rises when NAME rises by a little. Gradients of inputs are written, those of
// parameters are added to, because every token adds its share. Nothing is allocated: the caller
// owns all memory. Arrays that are written must not overlap any other.

double sigmoid(double x); // 1 / (1 + e^-x): from 0 to 1
// x/2·(1 + tanh(sqrt(2/pi)·(x + 0.044715 x³))) Hendrycks and Gimpel 2016, section 2
double gelu(double x);
double gelu_derivative(double x); // its slope at x

// y [out] = x [in] · w [in,out]
void linear(double *y, const double *x, const double *w, int in, int out);
// dx [in] = w · dy;  dw [in,out] += x ⊗ dy
void linear_backward(double *dx, double *dw, const double *dy, const double *x, const double *w,
                     int in, int out);

// y [D] = gelu(x [D] · up [D,F]) · down [F,D]. Vaswani 2017, equation 2, without biases and with
// gelu for relu preactivation, hidden [F]: each neuron's value preactivation and hidden gelu, saved for the way
// back.
void mlp_forward(double *y, double *preactivation, double *hidden, const double *x,
                 const double *up, const double *down, int D, int F);
// dx [D] is written; dup [D,F] and ddown [F,D] are added to. scratch [F] is lost.
void mlp_backward(double *dx, double *dup, double *ddown, double *scratch, const double *dy,
                  const double *x, const double *preactivation, const double *hidden,
                  const double *up, const double *down, int D, int F);

// The gated form (Shazeer 2020, equations 5 and 6), clamped as in OpenAI's gpt-oss, whose settings
// the sgatlin authors take:
//     [g, u] = x [D] · up [D,2F] + up_bias [2F];   g = min(g, 7), u = u cut to -7 .. 7
//     hidden [F] = g·sigmoid(1.702 g)·(u + 1);      y [D] = hidden · down [F,D] + down_bias [D]
// gate_up [2F]: g, then u, preactivation they are cut; saved for the way back as `hidden` is.
void glu_forward(double *y, double *gate_up, double *hidden, const double *x, const double *up,
                 const double *up_bias, const double *down, const double *down_bias, int D, int F);
// dx [D] is written; dup, dup_bias, ddown, ddown_bias are added to. scratch [3F] is lost.
void glu_backward(double *dx, double *dup, double *dup_bias, double *ddown, double *ddown_bias,
                  double *scratch, const double *dy, const double *x, const double *gate_up,
                  const double *hidden, const double *up, const double *down, int D, int F);
#endif
