// The gates of a head are read by other lanes than the one that wrote them.
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
    __syncwarp();
    for (int slot = lane; slot < C * K; slot += 32)
        weight[t * C * K + slot] = gate[t * C * K + slot] * hidden[t * C * K + slot];
}

#include "gpu/05_peer/exercises/test_1_race.cuh"
