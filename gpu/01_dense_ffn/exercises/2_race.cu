// Exercise gpu-01-2. Find the race.
//
// The tiled product of 2_tiled.cuh, but something is missing. In one order of the threads the
// result is right, and on a GPU it is right nearly always: that makes such a mistake expensive. The
// emulator reports the two lines that race. Correct the kernel; what it reads and writes may not
// change.
//
// Check with: make gpu-exercise-01-2
#include "gpu/launch.h"

constexpr int TILE = 32;

__global__ void product(float *y, const float *x, const float *w, int T, int D, int F) {
    __shared__ float x_tile[TILE][TILE], w_tile[TILE][TILE];
    int row = (int)threadIdx.y, column = (int)threadIdx.x;
    int t = (int)blockIdx.y * TILE + row, f = (int)blockIdx.x * TILE + column;
    float sum = 0.0f;
    for (int d0 = 0; d0 < D; d0 += TILE) {
        int dx = d0 + column, dw = d0 + row;
        x_tile[row][column] = t < T && dx < D ? x[t * D + dx] : 0.0f;
        w_tile[row][column] = dw < D && f < F ? w[dw * F + f] : 0.0f;
        __syncthreads();
        for (int d = 0; d < TILE; d++) sum += x_tile[row][d] * w_tile[d][column];
    }
    if (t < T && f < F) y[t * F + f] = sum;
}

#include "gpu/01_dense_ffn/exercises/test_2_race.cuh"
