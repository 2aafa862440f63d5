// Of the lanes with the same expert each adds the number of those below it, and the lowest moves
// the expert's next free row. All lanes take part in every step: __match_any_sync waits for them.
#include "gpu/launch.h"

constexpr int MAX_EXPERTS = 64;

// row (entries) from index (entries) and first (E), the first row of each expert. One warp.
__global__ void sort(int *row, const int *first, const int *index, int entries, int E) {
    __shared__ int next[MAX_EXPERTS]; // the next free row of each expert
    int lane = (int)threadIdx.x;
    for (int e = lane; e < E; e += 32) next[e] = first[e];
    __syncwarp();
    for (int begin = 0; begin < entries; begin += 32) {
        int i = begin + lane, expert = i < entries ? index[i] : -1;
        unsigned same = __match_any_sync(0xffffffff, expert);
        int rank = __popc(same & ((1u << lane) - 1));
        if (expert >= 0) row[i] = next[expert] + rank;
        __syncwarp();
        if (expert >= 0 && rank == 0) next[expert] += __popc(same);
        __syncwarp();
    }
}

#include "gpu/02_mixture_of_experts/exercises/test_2_stable.cuh"
