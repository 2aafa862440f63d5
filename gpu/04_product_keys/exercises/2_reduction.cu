// Exercise gpu-04-2. Finish the reduction.
//
// best[t] is the index of the highest of the n scores of token t, scores[t*n + i]; of equal ones,
// the lowest index. One warp per token: each lane finds the best of its own keys, and then the
// lanes have to agree. The kernel takes the word of lane 0. Finish it with shuffles. Both the
// score and its index have to travel, and mind the ties: which lane has the lower index cannot be
// seen from the lanes' numbers.
//
// Check with: make gpu-exercise-04-2
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
    // your code
    if (lane == 0) best[t] = index;
}

#include "gpu/04_product_keys/exercises/test_2_reduction.cuh"
