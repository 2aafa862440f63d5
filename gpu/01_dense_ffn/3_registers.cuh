// y (T,F) = x (T,D) * w (D,F)     oracle: chapters/01_dense_ffn/dense_ffn.c, linear
// A block of 16 by 16 threads computes a tile of 128 by 128, and each thread 8 by 8 elements of it
// in registers: of 16 numbers that it reads from shared memory it makes 64 products.
#pragma once
#include "gpu/launch.h"
#include <cublas_v2.h>

// What happens to a finished element: here, it is stored.
template <class Real> struct Store {
    Real *y; // (T,F)
    __device__ void operator()(size_t i, float value) const { y[i] = (Real)value; }
};

template <class Real, class Finish>
__global__ void product_registers_kernel(Finish finish, const Real *x, const Real *w, int T, int D,
                                         int F) {
    constexpr int SIDE = 16, EACH = 8, TILE = SIDE * EACH, DEPTH = 16;
    // A warp has two rows of 16 threads, which write w_tile to different banks thanks to the 16.
    __shared__ float x_tile[TILE][DEPTH], w_tile[DEPTH][TILE + 16];
    int row = (int)threadIdx.y, column = (int)threadIdx.x;
    int t0 = (int)blockIdx.y * TILE, f0 = (int)blockIdx.x * TILE;
    float sum[EACH][EACH] = {};
    for (int d0 = 0; d0 < D; d0 += DEPTH) {
        for (int i = 0; i < EACH; i++) {
            int t = t0 + row + i * SIDE, f = f0 + column + i * SIDE;
            int dx = d0 + column, dw = d0 + row;
            x_tile[row + i * SIDE][column] = t < T && dx < D ? (float)x[(size_t)t * D + dx] : 0.0f;
            w_tile[row][column + i * SIDE] = dw < D && f < F ? (float)w[(size_t)dw * F + f] : 0.0f;
        }
        __syncthreads();
        // [inner
        for (int d = 0; d < DEPTH; d++) {
            float xs[EACH], ws[EACH];
            for (int i = 0; i < EACH; i++) {
                xs[i] = x_tile[row + i * SIDE][d];
                ws[i] = w_tile[d][column + i * SIDE];
            }
            for (int i = 0; i < EACH; i++) {
                for (int j = 0; j < EACH; j++) sum[i][j] += xs[i] * ws[j];
            }
        }
        // inner]
        __syncthreads();
    }
    for (int i = 0; i < EACH; i++) {
        for (int j = 0; j < EACH; j++) {
            int t = t0 + row + i * SIDE, f = f0 + column + j * SIDE;
            if (t < T && f < F) finish((size_t)t * F + f, sum[i][j]);
        }
    }
}

// What 3_registers.cuh and 6_fused_gelu.cuh launch.
template <class Real, class Finish>
const char *launch_registers(Finish finish, const Real *x, const Real *w, int T, int D, int F,
                             cudaStream_t stream) {
    dim3 block(16, 16), grid((unsigned)ceil_div(F, 128), (unsigned)ceil_div(T, 128));
    if (grid.y > 65535) return "T is more than 128 * 65535, the most blocks in a column of a grid";
    LAUNCH((product_registers_kernel<Real, Finish>), grid, block, 0, stream, finish, x, w, T, D, F);
    return launch_error();
}

template <class Real>
const char *product_registers(Real *y, const Real *x, const Real *w, int T, int D, int F,
                              cudaStream_t stream, cublasHandle_t) {
    return launch_registers(Store<Real>{ y }, x, w, T, D, F, stream);
}
