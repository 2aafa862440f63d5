// Exercise gpu-03-3. Coalesce the reads of a column.
//
// How many scores of each expert's column are at least 0? One warp per column: its lanes read cells
// of one column, which are E floats apart, each in a sector of its own, of which the other warps
// will read the rest. Let the lanes read neighbouring cells instead. E is 8: think about which
// column lane 0, 1, ... then has, and how the counts of a column come together. The grid may change
// neither in size nor in blocks; whole numbers may be added with atomics.
//
// Check with: make gpu-exercise-03-3
#include "gpu/launch.h"

constexpr int E = 8; // warps in the only block, and columns

// counts (E), which is 0 at first, from score (N,E)
__global__ void count_columns(int *counts, const float *score, int N) {
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32, count = 0;
    for (int t = lane; t < N; t += 32) count += score[t * E + warp] >= 0.0f;
    for (int n = 16; n > 0; n /= 2) count += __shfl_xor_sync(0xffffffff, count, n);
    if (lane == 0) counts[warp] = count;
}

#include "gpu/03_who_chooses/exercises/test_3_columns.cuh"
