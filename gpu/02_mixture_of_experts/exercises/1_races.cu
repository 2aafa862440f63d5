// Exercise gpu-02-1. Find the races.
//
// How many entries does each expert have? Every block counts its own in shared memory and adds them
// to the total at the end. There are two races in it. Run it: the emulator names the lines of each.
// Correct the kernel; the entries are to be counted in shared memory first, as now.
//
// Check with: make gpu-exercise-02-1
#include "gpu/launch.h"

constexpr int MAX_EXPERTS = 64;

// counts (E), which is 0 at first, from index (entries)
__global__ void histogram(int *counts, const int *index, int entries, int E) {
    __shared__ int own[MAX_EXPERTS];
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x), thread = (int)threadIdx.x;
    if (thread < E) own[thread] = 0;
    __syncthreads();
    if (i < entries) own[index[i]]++;
    if (thread < E) atomicAdd(&counts[thread], own[thread]);
}

#include "gpu/02_mixture_of_experts/exercises/test_1_races.cuh"
