// Exercise gpu-01-3. Remove the bank conflict.
//
// PyTorch stores the weights of a linear layer by outputs: w is (F,D), and y = x w^T. The kernel
// reads both matrices in order and computes the right product. But in the inner loop the lanes of a
// warp read a column of w_tile, whose rows are 32 words long: 32 words in the same bank, one
// wavefront each. Change the kernel so that every request to shared memory takes one wavefront. One
// character is enough.
//
// Check with: make gpu-exercise-01-3
#include "gpu/launch.h"

constexpr int TILE = 32;

__global__ void product(float *y, const float *x, const float *w, int T, int D, int F) {
    __shared__ float x_tile[TILE][TILE], w_tile[TILE][TILE + 0];
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
