// Exercise gpu-01-1. Coalesce the reads.
//
// The kernel computes the product y (T,F) = x (T,D) * w (D,F), and computes it right: one thread
// per element, as 1_naive.cuh does. But neighbouring threads have neighbouring rows t, so that the
// lanes of a warp read and write numbers that are a whole row apart, each in a sector of its own.
// Change which element a thread computes (two lines), so that a request for w moves 4 sectors.
//
// Check with: make gpu-exercise-01-1
#include "gpu/launch.h"

__global__ void product(float *y, const float *x, const float *w, int T, int D, int F) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    int f = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    if (t >= T || f >= F) return;
    float sum = 0.0f;
    for (int d = 0; d < D; d++) sum += x[t * D + d] * w[d * F + f];
    y[t * F + f] = sum;
}

// 32 by 8 threads per block: threadIdx.x is 0 .. 31, the lane. The grid is large enough for both
// choices.
#include "gpu/01_dense_ffn/exercises/test_1_coalesce.cuh"
