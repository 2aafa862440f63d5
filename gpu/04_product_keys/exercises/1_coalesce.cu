// Exercise gpu-04-1. Coalesce the reads.
//
// best[t] is the index of the highest of the n scores of token t (the lowest such index). The
// scores are key-major here: the score of key i for token t is scores[i*T + t]. The kernel was
// written for the other order: one warp per token, whose lanes read keys side by side. Now these
// are T numbers apart. Rewrite it: which thread should compute which token, so that a request
// moves 4 sectors? It becomes shorter. The grid has at least T warps, and so more than T threads.
//
// Check with: make gpu-exercise-04-1
#include "gpu/launch.h"

__global__ void best_key(int *best, const float *scores, int T, int n) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = (int)threadIdx.x % 32;
    if (t >= T) return;
    float score = -INFINITY;
    int index = n;
    for (int i = lane; i < n; i += 32) {
        if (scores[i * T + t] > score) score = scores[(index = i) * T + t];
    }
    for (int step = 16; step > 0; step /= 2) {
        float other = __shfl_xor_sync(0xffffffffu, score, step);
        int other_index = __shfl_xor_sync(0xffffffffu, index, step);
        if (other > score || (other == score && other_index < index)) {
            score = other;
            index = other_index;
        }
    }
    if (lane == 0) best[t] = index;
}

#include "gpu/04_product_keys/exercises/test_1_coalesce.cuh"
