// Rows are 65 words apart, so that the words of a column are in 32 banks.
#include "gpu/launch.h"

// score (T,T), query (T,D), key (T,D); block (x,y) computes keys 32 x .. 32 x + 31 of query y
__global__ void scores(float *score, const float *query, const float *key, int T, int D) {
    int t = (int)blockIdx.y, i0 = (int)blockIdx.x * 32, lane = (int)threadIdx.x;
    __shared__ float keys[32][65];
    for (int j = 0; j < 32 && i0 + j < T; j++) {
        for (int d = lane; d < D; d += 32) keys[j][d] = key[(i0 + j) * D + d];
    }
    __syncwarp();
    if (i0 + lane >= T) return;
    float sum = 0.0f;
    for (int d = 0; d < D; d++) sum += query[t * D + d] * keys[lane][d];
    score[t * T + i0 + lane] = sum;
}

#include "gpu/07_language_model/exercises/test_3_keys.cuh"
