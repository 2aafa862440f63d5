// The gates of a GLU, dense or an expert's:
//   [gate, up] = gate_up + bias, clamped;  hidden = g·sigmoid(1.702 g)·(u + 1)
// Oracle: reference/ffn/glu.c
#pragma once
#include "activations.cuh"

#define GLU_LIMIT 7.0f
#define GLU_SLOPE 1.702f

// Which rows there are, and whose bias each has.
struct GluRows {
    size_t capacity;
    const int *count;  // of rows, on the device; NULL: capacity
    const int *expert; // of each row; NULL: 0
    __device__ bool has(size_t row) const {
        return row < (count != NULL ? (size_t)*count : capacity);
    }
    __device__ size_t expert_of(size_t row) const { return expert != NULL ? expert[row] : 0; }
};

// The comparisons keep NaN.
static __device__ __forceinline__ float clamp_gate(float gate) {
    return gate > GLU_LIMIT ? GLU_LIMIT : gate;
}
static __device__ __forceinline__ float clamp_up(float up) {
    up = up > GLU_LIMIT ? GLU_LIMIT : up;
    return up < -GLU_LIMIT ? -GLU_LIMIT : up;
}

// hidden (rows,F) from gate_up (rows,2F) and bias (experts,2F)
static __global__ void gate_kernel(float *hidden, const float *gate_up, const float *bias,
                                   GluRows rows, int F) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x, row = i / F;
    int f = (int)(i % F);
    if (!rows.has(row)) return;
    const float *from = gate_up + row * 2 * F, *own = bias + rows.expert_of(row) * 2 * F;
    float g = clamp_gate(from[f] + own[f]), u = clamp_up(from[F + f] + own[F + f]);
    hidden[i] = g * logistic(GLU_SLOPE * g) * (u + 1.0f);
}

// A clamped value passes no gradient.
static __global__ void gate_backward_kernel(float *dgate_up, const float *dhidden,
                                            const float *gate_up, const float *bias, GluRows rows,
                                            int F) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x, row = i / F;
    int f = (int)(i % F);
    if (!rows.has(row)) return;
    const float *from = gate_up + row * 2 * F, *own = bias + rows.expert_of(row) * 2 * F;
    float gate = from[f] + own[f], up = from[F + f] + own[F + f];
    float g = clamp_gate(gate), u = clamp_up(up), s = logistic(GLU_SLOPE * g);
    float slope = s * (1.0f + GLU_SLOPE * g * (1.0f - s));
    float *to = dgate_up + row * 2 * F;
    to[f] = gate > GLU_LIMIT ? 0.0f : dhidden[i] * slope * (u + 1.0f);
    to[F + f] = up > GLU_LIMIT || up < -GLU_LIMIT ? 0.0f : dhidden[i] * g * s;
}

// y (rows,D) += bias (experts,D)
static __global__ void add_bias_kernel(float *y, const float *bias, GluRows rows, int D) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x, row = i / D;
    if (rows.has(row)) y[i] += bias[rows.expert_of(row) * D + i % D];
}
