// What was summed with the old largest score is scaled to the new one. At first it is e^-inf = 0.
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
    float max = -INFINITY, sum = 0.0f, column = 0.0f;
    for (int i0 = 0; i0 < T; i0 += 32) {
        float own = i0 + lane < T ? score[query * T + i0 + lane] : -INFINITY;
        float larger = fmaxf(max, warp_max(own)), scale = expf(max - larger);
        float weight = expf(own - larger);
        sum = sum * scale + warp_sum(weight);
        column *= scale;
        max = larger;
        for (int j = 0; j < 32 && i0 + j < T; j++)
            column += __shfl_sync(~0u, weight, j) * value[(i0 + j) * 32 + lane];
    }
    out[query * 32 + lane] = column / sum;
}

#include "gpu/07_language_model/exercises/test_1_online.cuh"
