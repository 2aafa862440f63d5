// y (T,F) = x (T,D) * w (D,F)     oracle: chapters/01_dense_ffn/dense_ffn.c, linear
// A block computes a tile of 32 by 32 elements of y from tiles of x and w in shared memory: each
// number is read from global memory once per block, and used 32 times.
#pragma once
#include "gpu/launch.h"
#include <cublas_v2.h>

// [tiled
template <class Real>
__global__ void product_tiled_kernel(Real *y, const Real *x, const Real *w, int T, int D, int F) {
    constexpr int TILE = 32;
    __shared__ float x_tile[TILE][TILE], w_tile[TILE][TILE];
    int row = (int)threadIdx.y, column = (int)threadIdx.x;
    int t = (int)blockIdx.y * TILE + row, f = (int)blockIdx.x * TILE + column;
    float sum = 0.0f;
    for (int d0 = 0; d0 < D; d0 += TILE) {
        int dx = d0 + column, dw = d0 + row;
        x_tile[row][column] = t < T && dx < D ? (float)x[(size_t)t * D + dx] : 0.0f;
        w_tile[row][column] = dw < D && f < F ? (float)w[(size_t)dw * F + f] : 0.0f;
        __syncthreads(); // the tiles are complete
        for (int d = 0; d < TILE; d++) sum += x_tile[row][d] * w_tile[d][column];
        __syncthreads(); // nobody reads them any more
    }
    if (t < T && f < F) y[(size_t)t * F + f] = (Real)sum;
}
// tiled]

template <class Real>
const char *product_tiled(Real *y, const Real *x, const Real *w, int T, int D, int F,
                          cudaStream_t stream, cublasHandle_t) {
    dim3 block(32, 32), grid((unsigned)ceil_div(F, 32), (unsigned)ceil_div(T, 32));
    if (grid.y > 65535) return "T is more than 32 * 65535, the most blocks in a column of a grid";
    LAUNCH(product_tiled_kernel<Real>, grid, block, 0, stream, y, x, w, T, D, F);
    return launch_error();
}
