// Exercise gpu-04-3. Remove the bank conflict.
//
// best[t] is the index of the highest of 32 scores of token t, scores[t*32 + i], as a matrix
// product writes them: token-major. One thread per token would read 32 sectors per request. So the
// block, a warp, first copies the scores of its 32 tokens to shared memory, in order, and then
// each lane reads the scores of its own token there. Now the requests to global memory are
// coalesced, but the lanes read a column of `tile`: 32 words in one bank. Change the kernel so
// that every request to shared memory takes one wavefront.
//
// Check with: make gpu-exercise-04-3
#include "gpu/launch.h"

__global__ void best_key(int *best, const float *scores, int T) {
    __shared__ float tile[32][32];
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
