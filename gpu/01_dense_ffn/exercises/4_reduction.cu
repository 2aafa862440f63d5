// Exercise gpu-01-4. Finish the reduction.
//
// One neuron for many tokens: y[t] = x[t] . w, the dot product of two rows of D numbers. One warp
// computes one token, and its lanes read neighbouring numbers. At the end each lane has a part of
// the sum; the kernel forgets to add the parts up. Add them with warp shuffles: without shared
// memory, without atomics, and without reading x or w again.
// __shfl_xor_sync(0xffffffff, value, n) gives a lane the value of the lane whose number differs in
// the bits of n: with n = 16, 8, 4, 2, 1 the sum of all is in every lane after five steps.
//
// Check with: make gpu-exercise-01-4
#include "gpu/launch.h"

__global__ void dots(float *y, const float *x, const float *w, int T, int D) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = (int)threadIdx.x % 32;
    if (t >= T) return; // all lanes of a warp, or none
    float sum = 0.0f;
    for (int d = lane; d < D; d += 32) sum += x[t * D + d] * w[d];
    // your code
    if (lane == 0) y[t] = sum;
}

#include "gpu/01_dense_ffn/exercises/test_4_reduction.cuh"
