// Exercise gpu-07-2. Find the race.
//
// The loss of a token is log Σ e^logit - logit[target]. A block computes the largest of the V
// logits and then a sum over them: two reductions, one after the other, through the same array. The
// losses are right here, in every order in which the emulator runs the threads, and on a GPU they
// would be right nearly always. But nothing makes a warp wait before it overwrites what another one
// is still reading. The emulator reports the two lines. Correct the reduction.
//
// Check with: make gpu-exercise-07-2
#include "gpu/launch.h"

// The sum (or with MAX the largest) of x over a block of whole warps; every thread gets it.
template <bool MAX> static __device__ float reduce(float x, float *shared) {
    for (int step = 16; step > 0; step /= 2) {
        float other = __shfl_xor_sync(~0u, x, step);
        x = MAX ? fmaxf(x, other) : x + other;
    }
    if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = x;
    __syncthreads();
    x = shared[0];
    for (int i = 1; i < (int)blockDim.x / 32; i++) x = MAX ? fmaxf(x, shared[i]) : x + shared[i];
    return x;
}

// losses (N), logits (N,V), targets (N); one block per row
__global__ void loss(float *losses, const float *logits, const int *targets, int V) {
    __shared__ float shared[32];
    const float *row = logits + blockIdx.x * V;
    float max = -INFINITY, sum = 0.0f;
    for (int v = (int)threadIdx.x; v < V; v += (int)blockDim.x) max = fmaxf(max, row[v]);
    max = reduce<true>(max, shared);
    for (int v = (int)threadIdx.x; v < V; v += (int)blockDim.x) sum += expf(row[v] - max);
    sum = reduce<false>(sum, shared);
    if (threadIdx.x == 0) losses[blockIdx.x] = max + logf(sum) - row[targets[blockIdx.x]];
}

#include "gpu/07_language_model/exercises/test_2_race.cuh"
