// Two threads may increment the same number: that takes an atomic. And nobody may read the sums
// before all have added to them: that takes a barrier.
#include "gpu/launch.h"

constexpr int MAX_EXPERTS = 64;

// counts (E), which is 0 at first, from index (entries)
__global__ void histogram(int *counts, const int *index, int entries, int E) {
    __shared__ int own[MAX_EXPERTS];
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x), thread = (int)threadIdx.x;
    if (thread < E) own[thread] = 0;
    __syncthreads();
    if (i < entries) atomicAdd(&own[index[i]], 1);
    __syncthreads();
    if (thread < E) atomicAdd(&counts[thread], own[thread]);
}

#include "gpu/02_mixture_of_experts/exercises/test_1_races.cuh"
