// One more int per column: the bins of one digit are in 32 different banks.
#include "gpu/launch.h"

constexpr int COLUMNS = 32, BINS = 64;
constexpr int ROW = BINS + 1; // ints from one column's bins to the next

// counts (COLUMNS,BINS), which is 0 at first, from digit (rows,COLUMNS). One block of 256 threads.
__global__ void histograms(int *counts, const int *digit, int rows) {
    __shared__ int bins[COLUMNS * (BINS + 8)];
    int thread = (int)threadIdx.x;
    for (int i = thread; i < COLUMNS * (BINS + 8); i += 256) bins[i] = 0;
    __syncthreads();
    for (int i = thread; i < rows * COLUMNS; i += 256)
        atomicAdd(&bins[i % COLUMNS * ROW + digit[i]], 1);
    __syncthreads();
    for (int i = thread; i < COLUMNS * BINS; i += 256) counts[i] = bins[i / BINS * ROW + i % BINS];
}

#include "gpu/03_who_chooses/exercises/test_2_bank_conflict.cuh"
