// Exercise gpu-06-4. Finish the stable scatter.
//
// One warp sorts n entries by neuron, 32 at a time: place[f] is where the next entry of neuron f
// goes. An entry takes its place with an atomic addition, so of several lanes with the same neuron
// any may be first: the entries of a neuron come out in another order each time. Make it stable,
// without atomics. Two functions help: __match_any_sync(0xffffffff, f) gives a lane the lanes (as
// bits) that have the same f, itself included, and __popc counts bits. Which lane moves place[f]
// on, and when may it?
//
// Check with: make gpu-exercise-06-4
#include "gpu/launch.h"

__global__ void scatter(int *order, int *place, const int *index, int n) {
    int lane = (int)threadIdx.x;
    for (int i0 = 0; i0 < n; i0 += 32) {
        int i = i0 + lane;
        if (i < n) order[atomicAdd(&place[index[i]], 1)] = i;
        __syncwarp();
    }
}

#include "gpu/06_sgatlin/exercises/test_4_scatter.cuh"
