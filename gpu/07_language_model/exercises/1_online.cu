// Exercise gpu-07-1. Finish the online softmax.
//
// Attention of one query per warp: out[d] = Σ_i softmax_i(score) · value[i][d], 32 values of 32
// numbers at a time. A lane has the score of one value, and sums one column of out. The kernel
// subtracts the largest score of each tile before the exponential, as it must: but the tiles then
// have different largest scores, and their sums may not be added. Let max be the largest score so
// far, and scale what was summed before whenever it grows. Every score is read once.
//
// Check with: make gpu-exercise-07-1
#include "gpu/launch.h"

static __device__ float warp_max(float x) {
    for (int step = 16; step > 0; step /= 2) x = fmaxf(x, __shfl_xor_sync(~0u, x, step));
    return x;
}

static __device__ float warp_sum(float x) {
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(~0u, x, step);
    return x;
}

// out (queries,32), score (queries,T), value (T,32); a block is one warp
__global__ void attend(float *out, const float *score, const float *value, int T) {
    int query = (int)blockIdx.x, lane = (int)threadIdx.x;
    float sum = 0.0f, column = 0.0f;
    for (int i0 = 0; i0 < T; i0 += 32) {
        float own = i0 + lane < T ? score[query * T + i0 + lane] : -INFINITY;
        float max = warp_max(own); // your code, here and in the lines below
        float weight = expf(own - max);
        sum = sum + warp_sum(weight);
        for (int j = 0; j < 32 && i0 + j < T; j++)
            column += __shfl_sync(~0u, weight, j) * value[(i0 + j) * 32 + lane];
    }
    out[query * 32 + lane] = column / sum;
}

#include "gpu/07_language_model/exercises/test_1_online.cuh"
