// Rows of 33 words: a column of the tile lies in 32 different banks.
#include "gpu/launch.h"

constexpr int TILE = 32;

__global__ void product(float *y, const float *x, const float *w, int T, int D, int F) {
    __shared__ float x_tile[TILE][TILE], w_tile[TILE][TILE + 1];
    int row = (int)threadIdx.y, column = (int)threadIdx.x;
    int t = (int)blockIdx.y * TILE + row, f0 = (int)blockIdx.x * TILE;
    float sum = 0.0f;
    for (int d0 = 0; d0 < D; d0 += TILE) {
        int d = d0 + column;
        x_tile[row][column] = t < T && d < D ? x[t * D + d] : 0.0f;
        w_tile[row][column] = f0 + row < F && d < D ? w[(f0 + row) * D + d] : 0.0f;
        __syncthreads();
        for (int i = 0; i < TILE; i++) sum += x_tile[row][i] * w_tile[column][i];
        __syncthreads();
    }
    if (t < T && f0 + column < F) y[t * F + f0 + column] = sum;
}

#include "gpu/01_dense_ffn/exercises/test_3_bank_conflict.cuh"
