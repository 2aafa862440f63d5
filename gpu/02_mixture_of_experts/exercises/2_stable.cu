// Exercise gpu-02-2. Sort in the same order every time.
//
// One warp sorts the entries of a gating by expert: it walks along them, and each lane takes the
// next free row of its entry's expert with an atomic. No race, and every row is taken once. But
// which of two lanes comes first is open, so the rows of an expert are in another order on every
// run, and sums over them are rounded in another way. Make it stable: earlier entries get earlier
// rows. Without atomics, and without comparing each entry with all others.
//
// __match_any_sync(0xffffffff, x) gives each lane a mask of the lanes that have the same x, and
// __popc(m) the number of bits of m. How many of the lanes in the mask are below your own?
//
// Check with: make gpu-exercise-02-2
#include "gpu/launch.h"

constexpr int MAX_EXPERTS = 64;

// row (entries) from index (entries) and first (E), the first row of each expert. One warp.
__global__ void sort(int *row, const int *first, const int *index, int entries, int E) {
    __shared__ int next[MAX_EXPERTS]; // the next free row of each expert
    int lane = (int)threadIdx.x;
    for (int e = lane; e < E; e += 32) next[e] = first[e];
    __syncwarp();
    for (int i = lane; i < entries; i += 32) row[i] = atomicAdd(&next[index[i]], 1);
}

#include "gpu/02_mixture_of_experts/exercises/test_2_stable.cuh"
