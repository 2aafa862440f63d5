// Neighbouring lanes have neighbouring columns f: they read and write neighbouring numbers.
#include "gpu/launch.h"

__global__ void product(float *y, const float *x, const float *w, int T, int D, int F) {
    int f = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    int t = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    if (t >= T || f >= F) return;
    float sum = 0.0f;
    for (int d = 0; d < D; d++) sum += x[t * D + d] * w[d * F + f];
    y[t * F + f] = sum;
}

#include "gpu/01_dense_ffn/exercises/test_1_coalesce.cuh"
