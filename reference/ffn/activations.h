#ifndef REFERENCE_FFN_ACTIVATIONS_H
#define REFERENCE_FFN_ACTIVATIONS_H
#include "reference/config/config.h"
#include "reference/numbers/vector.h"

// gelu in its tanh form, x/2·(1 + tanh u), is x·sigmoid(2u) with u = sqrt(2/pi)·(x + 0.044715 x³).
static inline float gelu(float x) { return x * sigmoid(1.59576912f * (x + 0.044715f * x * x * x)); }

static inline float gelu_derivative(float x) {
    float s = sigmoid(1.59576912f * (x + 0.044715f * x * x * x));
    return s + x * s * (1.0f - s) * 1.59576912f * (1.0f + 3.0f * 0.044715f * x * x);
}

// The activations of one-neuron experts and their derivatives: relu'(0) = 0, and
// swish(x) = x·sigmoid(x).
static inline float activate(Activation activation, float u) {
    switch (activation) {
    case ACTIVATION_RELU: return u < 0.0f ? 0.0f : u; // keeps NaN
    case ACTIVATION_GELU: return gelu(u);
    case ACTIVATION_SWISH: return u * sigmoid(u);
    default: return u;
    }
}

static inline float activate_derivative(Activation activation, float u) {
    switch (activation) {
    case ACTIVATION_RELU: return u > 0.0f ? 1.0f : 0.0f;
    case ACTIVATION_GELU: return gelu_derivative(u);
    case ACTIVATION_SWISH: return sigmoid(u) * (1.0f + u * (1.0f - sigmoid(u)));
    default: return 1.0f;
    }
}
#endif
