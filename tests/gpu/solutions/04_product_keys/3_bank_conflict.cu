// With rows of 33 words, the word i of row r is in bank (r + i) mod 32: another one in each row.
#include "gpu/launch.h"

__global__ void best_key(int *best, const float *scores, int T) {
    __shared__ float tile[32][33];
    int lane = (int)threadIdx.x, t0 = (int)blockIdx.x * 32, t = t0 + lane;
    for (int row = 0; row < 32; row++) {
        if (t0 + row < T) tile[row][lane] = scores[(t0 + row) * 32 + lane];
    }
    __syncwarp();
    if (t >= T) return;
    int index = 0;
    float score = tile[lane][0];
    for (int i = 1; i < 32; i++) {
        float other = tile[lane][i];
        if (other > score) {
            score = other;
            index = i;
        }
    }
    best[t] = index;
}

#include "gpu/04_product_keys/exercises/test_3_bank_conflict.cuh"
