// One warp per neuron: nobody else adds to its row.
#include "gpu/launch.h"

struct Entries {
    const int *index, *order, *start; // [count], [count], [F+1]
    int count, K, F;
};

__global__ void table_gradient(float *dtable, const float *weight, const float *rows, Entries e,
                               int D) {
    int warp = (int)(blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = (int)threadIdx.x % 32;
    if (warp >= e.F) return;
    for (int d = lane; d < D; d += 32) {
        float sum = 0.0f;
        for (int i = e.start[warp]; i < e.start[warp + 1]; i++)
            sum += weight[e.order[i]] * rows[e.order[i] / e.K * D + d];
        dtable[warp * D + d] += sum;
    }
}

#include "gpu/06_sgatlin/exercises/test_3_same_bits.cuh"
