// y (T,F) = x (T,D) * w (D,F)     oracle: chapters/01_dense_ffn/dense_ffn.c, linear
// One thread per element of y. Neighbouring threads have neighbouring f.
#pragma once
#include "gpu/launch.h"
#include <cublas_v2.h>

// [naive
template <class Real>
__global__ void product_naive_kernel(Real *y, const Real *x, const Real *w, int T, int D, int F) {
    int f = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    int t = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    if (t >= T || f >= F) return; // the last blocks are rarely full
    float sum = 0.0f;
    for (int d = 0; d < D; d++) {
        sum += (float)x[(size_t)t * D + d] * (float)w[(size_t)d * F + f];
    }
    y[(size_t)t * F + f] = (Real)sum;
}
// naive]

template <class Real>
const char *product_naive(Real *y, const Real *x, const Real *w, int T, int D, int F,
                          cudaStream_t stream, cublasHandle_t) {
    // [launch
    dim3 block(32, 8), grid((unsigned)ceil_div(F, 32), (unsigned)ceil_div(T, 8));
    if (grid.y > 65535) return "T is more than 8 * 65535, the most blocks in a column of a grid";
    LAUNCH(product_naive_kernel<Real>, grid, block, 0, stream, y, x, w, T, D, F);
    return launch_error();
    // launch]
}
