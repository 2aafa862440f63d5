// After the step with 16, a lane has the better of itself and the lane 16 away, and so on.
#include "gpu/launch.h"

__global__ void best_key(int *best, const float *scores, int T, int n) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = (int)threadIdx.x % 32;
    if (t >= T) return;
    float score = -INFINITY;
    int index = n;
    for (int i = lane; i < n; i += 32) {
        float other = scores[t * n + i];
        if (other > score) {
            score = other;
            index = i;
        }
    }
    for (int step = 16; step > 0; step /= 2) {
        float other = __shfl_xor_sync(0xffffffff, score, step);
        int other_index = __shfl_xor_sync(0xffffffff, index, step);
        if (other > score || (other == score && other_index < index)) {
            score = other;
            index = other_index;
        }
    }
    if (lane == 0) best[t] = index;
}

#include "gpu/04_product_keys/exercises/test_2_reduction.cuh"
