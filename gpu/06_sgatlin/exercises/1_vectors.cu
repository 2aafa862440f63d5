// Exercise gpu-06-1. Read 16 bytes at a time.
//
// y[t] = Σ weight[t,k] · table[index[t,k]]: one warp per token sums K rows of D numbers, D a
// multiple of 4. Each request of a warp reads 32 numbers, 128 bytes. A request can read four times
// as much, and the loop then needs a quarter of the steps: read and write float4 (a structure of
// four floats x, y, z, w; `*reinterpret_cast<const float4 *>(pointer)` reads one). The sums must
// not change.
//
// Check with: make gpu-exercise-06-1
#include "gpu/launch.h"

__global__ void sum_rows(float *y, const float *weight, const float *table, const int *index, int T,
                         int K, int D) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = (int)threadIdx.x % 32;
    if (t >= T) return;
    for (int d = lane; d < D; d += 32) {
        float sum = 0.0f;
        for (int k = 0; k < K; k++) sum += weight[t * K + k] * table[index[t * K + k] * D + d];
        y[t * D + d] = sum;
    }
}

#include "gpu/06_sgatlin/exercises/test_1_vectors.cuh"
