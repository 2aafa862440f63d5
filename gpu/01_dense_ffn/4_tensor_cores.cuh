// y (T,F) = x (T,D) * w (D,F)     oracle: chapters/01_dense_ffn/dense_ffn.c, linear
// A block of 4 warps computes a tile of 64 by 64, and each warp 2 by 2 fragments of 16 by 16 with
// the tensor cores: bf16 inputs, sums in float.
#pragma once
#include "gpu/launch.h"
#include <cublas_v2.h>
#include <mma.h>

template <class Real, class Finish>
__global__ void product_tensor_cores_kernel(Finish finish, const Real *x, const Real *w, int T,
                                            int D, int F) {
    if constexpr (BF16_TENSOR_CORES) {
        using namespace nvcuda::wmma;
        constexpr int TILE = 64, DEPTH = 32, PAD = 8, THREADS = 128;
        __shared__ __align__(32) Real x_tile[TILE][DEPTH + PAD], w_tile[DEPTH][TILE + PAD];
        __shared__ __align__(32) float results[4][16][16]; // a fragment per warp
        int thread = (int)threadIdx.x, warp = thread / 32, lane = thread % 32;
        int t0 = (int)blockIdx.y * TILE, f0 = (int)blockIdx.x * TILE;
        int row = warp / 2 * 32, column = warp % 2 * 32; // of the warp's part of the tile
        fragment<accumulator, 16, 16, 16, float> sum[2][2];
        for (int i = 0; i < 4; i++) fill_fragment(sum[i / 2][i % 2], 0.0f);
        for (int d0 = 0; d0 < D; d0 += DEPTH) {
            for (int i = thread; i < TILE * DEPTH; i += THREADS) {
                int t = t0 + i / DEPTH, dx = d0 + i % DEPTH, dw = d0 + i / TILE, f = f0 + i % TILE;
                x_tile[i / DEPTH][i % DEPTH] = t < T && dx < D ? x[(size_t)t * D + dx] : Real(0.0f);
                w_tile[i / TILE][i % TILE] = dw < D && f < F ? w[(size_t)dw * F + f] : Real(0.0f);
            }
            __syncthreads();
            // [inner
            for (int d = 0; d < DEPTH; d += 16) {
                fragment<matrix_a, 16, 16, 16, Real, row_major> a[2];
                fragment<matrix_b, 16, 16, 16, Real, row_major> b[2];
                for (int i = 0; i < 2; i++) {
                    load_matrix_sync(a[i], &x_tile[row + 16 * i][d], DEPTH + PAD);
                    load_matrix_sync(b[i], &w_tile[d][column + 16 * i], TILE + PAD);
                }
                for (int i = 0; i < 4; i++)
                    mma_sync(sum[i / 2][i % 2], a[i / 2], b[i % 2], sum[i / 2][i % 2]);
            }
            // inner]
            __syncthreads();
        }
        for (int i = 0; i < 4; i++) { // which lane has which element is not specified
            store_matrix_sync(&results[warp][0][0], sum[i / 2][i % 2], 16, mem_row_major);
            __syncwarp();
            for (int e = lane; e < 16 * 16; e += 32) {
                int t = t0 + row + i / 2 * 16 + e / 16, f = f0 + column + i % 2 * 16 + e % 16;
                if (t < T && f < F) finish((size_t)t * F + f, results[warp][e / 16][e % 16]);
            }
            __syncwarp();
        }
    }
}

// What 4_tensor_cores.cuh and 6_fused_gelu.cuh launch.
template <class Real, class Finish>
const char *launch_tensor_cores(Finish finish, const Real *x, const Real *w, int T, int D, int F,
                                cudaStream_t stream) {
    if (!has_bf16_tensor_cores()) return "bf16 tensor cores need compute capability 8.0";
    dim3 grid((unsigned)ceil_div(F, 64), (unsigned)ceil_div(T, 64));
    if (grid.y > 65535) return "T is more than 64 * 65535, the most blocks in a column of a grid";
    LAUNCH((product_tensor_cores_kernel<Real, Finish>), grid, 128, 0, stream, finish, x, w, T, D,
           F);
    return launch_error();
}

template <class Real>
const char *product_tensor_cores(Real *y, const Real *x, const Real *w, int T, int D, int F,
                                 cudaStream_t stream, cublasHandle_t) {
    return launch_tensor_cores(Store<Real>{ y }, x, w, T, D, F, stream);
}
