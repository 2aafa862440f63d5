// Exercise gpu-06-2. Find the race.
//
// The scan of sort.cuh in one block: start[f] becomes the number of entries of all neurons before
// f. In each step a thread adds what is `step` places to its left. One barrier is missing, and the
// emulator names the two accesses that race. Why is the barrier that is there not enough?
//
// Check with: make gpu-exercise-06-2
#include "gpu/launch.h"

constexpr int THREADS = 128;

// start (F+1) from count (F), F <= THREADS
__global__ void scan(int *start, const int *count, int F) {
    __shared__ int sum[THREADS];
    int f = (int)threadIdx.x;
    sum[f] = f < F ? count[f] : 0;
    __syncthreads();
    for (int step = 1; step < THREADS; step *= 2) {
        int left = f >= step ? sum[f - step] : 0;
        sum[f] += left;
        __syncthreads();
    }
    if (f == 0) start[0] = 0;
    if (f < F) start[f + 1] = sum[f];
}

#include "gpu/06_sgatlin/exercises/test_2_race.cuh"
