// The activations of feed-forward layers. Oracle: reference/ffn/activations.h
#pragma once
#include "gpu/launch.h"
#include <stddef.h>

static __device__ __forceinline__ float logistic(float x) { return 1.0f / (1.0f + expf(-x)); }

// x/2·(1 + tanh u) with u = sqrt(2/pi)·(x + 0.044715 x³) is x·sigmoid(2u).
static __device__ __forceinline__ float gelu(float x) {
    return x * logistic(1.59576912f * (x + 0.044715f * x * x * x));
}

static __device__ __forceinline__ float gelu_derivative(float x) {
    float s = logistic(1.59576912f * (x + 0.044715f * x * x * x));
    return s + x * s * (1.0f - s) * 1.59576912f * (1.0f + 3.0f * 0.044715f * x * x);
}

// Kernels with one thread per element.
enum { BLOCK_THREADS = 256 };
static inline unsigned blocks_of(size_t count) {
    return (unsigned)((count + BLOCK_THREADS - 1) / BLOCK_THREADS);
}
