// Exercise gpu-05-1. Find the race.
//
// One warp per token. A lane per head computes the softmax of the head's K scores, and then all
// lanes multiply: weight[t,c,k] = gate · hidden. With few heads the result is right as long as
// lower lanes run first. But the lanes of a warp need not be in step: since 2017 each may run
// ahead of the others. Where must they wait, and for what?
//
// Check with: make gpu-exercise-05-1
#include "gpu/launch.h"

__global__ void weigh(float *weight, float *gate, const float *score, const float *hidden, int T,
                      int C, int K) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = (int)threadIdx.x % 32;
    if (t >= T) return;
    for (int c = lane; c < C; c += 32) {
        const float *own = score + (t * C + c) * K;
        float max = own[0], sum = 0.0f;
        for (int k = 1; k < K; k++) max = fmaxf(max, own[k]);
        for (int k = 0; k < K; k++) sum += expf(own[k] - max);
        for (int k = 0; k < K; k++) gate[(t * C + c) * K + k] = expf(own[k] - max) / sum;
    }
    for (int slot = lane; slot < C * K; slot += 32)
        weight[t * C * K + slot] = gate[t * C * K + slot] * hidden[t * C * K + slot];
}

#include "gpu/05_peer/exercises/test_1_race.cuh"
