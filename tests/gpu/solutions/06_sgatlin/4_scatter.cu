// A lane goes as far back as there are lanes with its neuron before it. The last of them moves the
// place on, after all have read it.
#include "gpu/launch.h"

__global__ void scatter(int *order, int *place, const int *index, int n) {
    int lane = (int)threadIdx.x;
    for (int i0 = 0; i0 < n; i0 += 32) {
        int i = i0 + lane, f = i < n ? index[i] : -1;
        unsigned same = __match_any_sync(0xffffffff, f);
        int rank = __popc(same & ((1u << lane) - 1)), first = i < n ? place[f] : 0;
        __syncwarp();
        if (i < n) order[first + rank] = i;
        if (i < n && rank + 1 == __popc(same)) place[f] = first + rank + 1;
        __syncwarp();
    }
}

#include "gpu/06_sgatlin/exercises/test_4_scatter.cuh"
