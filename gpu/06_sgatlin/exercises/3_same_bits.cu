// Exercise gpu-06-3. The same bits in every run.
//
// The gradient of a table: dtable[f] += Σ weight[e] · rows[token of e] over the entries e with
// index[e] = f. Entry e belongs to token e / K. The kernel has one warp per entry, which adds with
// atomics: correct up to rounding, and each order of the warps rounds differently. The entries are
// also given sorted: those of neuron f are order[start[f]] .. order[start[f+1]-1]. Let one warp sum
// the entries of one neuron, in this order, without atomics. The grid has at least F warps.
//
// Check with: make gpu-exercise-06-3
#include "gpu/launch.h"

struct Entries {
    const int *index, *order, *start; // [count], [count], [F+1]
    int count, K, F;
};

__global__ void table_gradient(float *dtable, const float *weight, const float *rows, Entries e,
                               int D) {
    int warp = (int)(blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = (int)threadIdx.x % 32;
    if (warp >= e.count) return;
    for (int d = lane; d < D; d += 32)
        atomicAdd(&dtable[e.index[warp] * D + d], weight[warp] * rows[warp / e.K * D + d]);
}

#include "gpu/06_sgatlin/exercises/test_3_same_bits.cuh"
