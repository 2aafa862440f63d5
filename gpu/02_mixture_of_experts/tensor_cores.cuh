// Tiles of 64 by 64 with the tensor cores, in place of `Registers` of tiles.cuh: 4 warps, each with
// 2 by 2 fragments of 16 by 16 (4_tensor_cores.cuh of lesson 01). bf16 inputs, sums in float.
#pragma once
#include "gpu/02_mixture_of_experts/tiles.cuh"
#include <cuda_bf16.h>
#include <mma.h>

// [tensor_cores
struct TensorCores {
    static constexpr int TILE = 64, THREADS = 128;
    template <class A, class B>
    static __device__ void product(float (*out)[TILE + OUT_PAD], A a, B b, int row0, int column0,
                                   int depth) {
        if constexpr (BF16_TENSOR_CORES) {
            using namespace nvcuda::wmma;
            typedef typename A::Number Real; // bf16
            constexpr int DEPTH = 32, PAD = 8;
            __shared__ __align__(32) Real a_tile[TILE][DEPTH + PAD], b_tile[DEPTH][TILE + PAD];
            int warp = (int)threadIdx.x / 32, row = warp / 2 * 32, column = warp % 2 * 32;
            fragment<accumulator, 16, 16, 16, float> sum[2][2];
            for (int i = 0; i < 4; i++) fill_fragment(sum[i / 2][i % 2], 0.0f);
            for (int d0 = 0; d0 < depth; d0 += DEPTH) {
                for (int i = (int)threadIdx.x; i < TILE * DEPTH; i += THREADS) {
                    int r = A::BY_COLUMN ? i % TILE : i / DEPTH;
                    int da = A::BY_COLUMN ? i / TILE : i % DEPTH;
                    int c = B::BY_COLUMN ? i / DEPTH : i % TILE;
                    int db = B::BY_COLUMN ? i % DEPTH : i / TILE;
                    a_tile[r][da] = (Real)a(row0 + r, d0 + da);
                    b_tile[db][c] = (Real)b(d0 + db, column0 + c);
                }
                __syncthreads();
                for (int d = 0; d < DEPTH; d += 16) {
                    fragment<matrix_a, 16, 16, 16, Real, row_major> as[2];
                    fragment<matrix_b, 16, 16, 16, Real, row_major> bs[2];
                    for (int i = 0; i < 2; i++) {
                        load_matrix_sync(as[i], &a_tile[row + 16 * i][d], DEPTH + PAD);
                        load_matrix_sync(bs[i], &b_tile[d][column + 16 * i], TILE + PAD);
                    }
                    for (int i = 0; i < 4; i++)
                        mma_sync(sum[i / 2][i % 2], as[i / 2], bs[i % 2], sum[i / 2][i % 2]);
                }
                __syncthreads();
            }
            for (int i = 0; i < 4; i++)
                store_matrix_sync(&out[row + i / 2 * 16][column + i % 2 * 16], sum[i / 2][i % 2],
                                  TILE + OUT_PAD, mem_row_major);
            __syncthreads();
        }
    }
};
// tensor_cores]

static inline const char *refuse_tensor_cores() {
    return has_bf16_tensor_cores() ? nullptr : "bf16 tensor cores need compute capability 8.0";
}
