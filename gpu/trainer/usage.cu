#include "gating.cuh"
#include "usage.cuh"

// One thread per entry of index. A ragged gating has start[N] of them, which only the device knows,
// and one pool. Whole numbers: the order in which atomics add them does not matter.
static __global__ void usage_count_kernel(FiredCount *fired, const int32_t *index,
                                          const int32_t *start, int N, int K, int F, int pools,
                                          size_t capacity) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= capacity || (start != nullptr && i >= (size_t)start[N])) return;
    size_t pool = start != nullptr ? 0 : i / K % pools;
    atomicAdd(&fired[pool * F + index[i]], (FiredCount)1);
}

void device_usage_count(const Gpu *gpu, FiredCount *fired, const Gating *gating, int pools) {
    size_t capacity = gating_capacity(gating);
    LAUNCH(usage_count_kernel, blocks_of(capacity), BLOCK_THREADS, 0, gpu->stream, fired,
           gating->index, gating->start, gating->N, gating->K, gating->F, pools, capacity);
    CHECK(launch_error());
}
