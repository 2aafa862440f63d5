// What the versions of the experts' backward pass share.
// oracle: chapters/01_dense_ffn/dense_ffn.c, glu_backward
#pragma once
#include "gpu/02_mixture_of_experts/experts.cuh"

// Written, with zeros for an expert without rows. In float also where the parameters are bf16.
struct ExpertGradients {
    float *up, *up_bias, *down, *down_bias; // (E,D,2F), (E,2F), (E,F,D), (E,D)
};

// Rows of an expert, from forward and from combine_backward.
template <class Real> struct ExpertRows {
    const Real *x, *gate_up, *hidden, *dout; // (R,D), (R,2F), (R,F), (R,D)
};

// The slopes of one neuron's gate and up, each with its bias added; a clamped value has none.
// [glu_backward
static __device__ __forceinline__ void glu_backward(float *dgate, float *dup, float dhidden,
                                                    float gate, float up) {
    float g = clamp_gate(gate), u = clamp_up(up), s = sigmoid_of(GLU_SLOPE * g);
    float slope = s * (1.0f + GLU_SLOPE * g * (1.0f - s));
    *dgate = gate > GLU_LIMIT ? 0.0f : dhidden * slope * (u + 1.0f);
    *dup = up > GLU_LIMIT || up < -GLU_LIMIT ? 0.0f : dhidden * g * s;
}
// glu_backward]
