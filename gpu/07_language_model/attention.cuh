// Causal attention on prepared queries (normed, rotated, divided by sqrt(Dh)), keys (normed,
// rotated) and values (B,T,H,Dh):
//   out[t] = Σ_{i <= t} softmax_i(q[t] · k[i]) · v[i]
// Oracle: reference/model/attention.c. Both versions also write log_sum (B,H,T), the logarithm of
// each row's Σ e^score, from which backward recomputes the weights.
#pragma once
#include "reduce.cuh"
#include <stddef.h>

typedef struct {
    int B, T, H, Dh;
} AttentionShape;

// Of row t of a head: the offset in (B,T,H,Dh), and in (B,H,T).
static __device__ __forceinline__ size_t head_row(AttentionShape s, int b, int h, int t) {
    return (((size_t)b * s.T + t) * s.H + h) * s.Dh;
}
static __device__ __forceinline__ size_t head_log_sum(AttentionShape s, int b, int h, int t) {
    return ((size_t)b * s.H + h) * s.T + t;
}

// More than 48 KiB of dynamic shared memory must be asked for.
template <class Kernel> static inline const char *allow_shared(Kernel *kernel, size_t bytes) {
    if (bytes <= 48 * 1024) return nullptr;
    cudaError_t error =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes);
    return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}
