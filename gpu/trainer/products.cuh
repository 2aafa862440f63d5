// Matrix products on the device, of matrices stored by rows as in reference/numbers/matrix.h.
#pragma once
#include "gpu.cuh"
#include "reference.h"
extern "C" {
#include "reference/numbers/matrix.h"
}

// Products use cuBLAS if it is there, and SGATLIN_CUBLAS=0 is not in the environment; else
// gpu->cublas stays NULL, and they use a kernel of our own. gpu->stream is open.
void products_open(Gpu *gpu);
// Device memory, aligned to 256 bytes, that cuBLAS uses in place of its own.
void products_workspace(const Gpu *gpu, void *workspace, size_t bytes);
void products_close(Gpu *gpu);

// With gpu->bf16 the operands of a product are rounded to bf16; sums and `out` are fp32. A product
// rounds its operands itself, except weights: this rounds all parameters, after each change.
// Without cuBLAS our kernel rounds what it loads, and needs neither.
void products_round_weights(const Gpu *gpu);
// The part of Bf16Operands.operands that an operand of `count` numbers takes.
size_t bf16_operand(size_t count);
// For routers: their products stay in fp32, since rounding a score may change the choice.
static inline Gpu products_in_fp32(const Gpu *gpu) { return { gpu->stream, gpu->cublas, {} }; }

// out (rows,columns), its rows `stride` apart, = alpha · a · b, or with accumulate += it. In bf16,
// a and b have no gaps between their rows.
void product(const Gpu *gpu, float *out, int stride, Matrix a, Matrix b, float alpha,
             bool accumulate);

// y (N,F) = x (N,D) w (D,F), and its gradients.
static inline void linear_forward(const Gpu *gpu, float *y, const float *x, const float *w, int N,
                                  int D, int F) {
    product(gpu, y, F, matrix(x, N, D), matrix(w, D, F), 1.0f, false);
}
static inline void linear_weight_gradient(const Gpu *gpu, float *dw, const float *x,
                                          const float *dy, int N, int D, int F) {
    product(gpu, dw, F, transpose(matrix(x, N, D)), matrix(dy, N, F), 1.0f, false);
}
static inline void linear_input_gradient(const Gpu *gpu, float *dx, const float *dy, const float *w,
                                         int N, int D, int F, bool accumulate) {
    product(gpu, dx, D, matrix(dy, N, F), transpose(matrix(w, D, F)), 1.0f, accumulate);
}
