// least (pools): of each pool the lowest key that is taken     oracle: chapters/03_who_chooses/
// routing.c, route_tokens
// One thread per pool, which finds the key bit by bit: the highest number that as many keys reach
// as the pool takes cells. reference/ffn/moe_routing.c does it in this way.
#pragma once
#include "gpu/03_who_chooses/pools.cuh"

// [thread
static __device__ int count_at_least(const Pools &p, int pool, Key least) {
    int count = 0;
    for (int i = 0; i < pool_cells(p); i++)
        count += cell_key(p, cell_at_place(p, pool, i)) >= least;
    return count;
}

static __global__ void select_thread_kernel(Key *least, Pools p) {
    int pool = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (pool >= pool_count(p)) return;
    int capacity = pool_capacity(p, pool_tokens(p, pool, 0, 1));
    Key key = 0;
    for (int bit = 63; bit >= 0; bit--) {
        if (count_at_least(p, pool, key | 1ull << bit) >= capacity) key |= 1ull << bit;
    }
    least[pool] = capacity > 0 ? key : TAKE_NONE;
}
// thread]

static inline const char *select_thread(Key *least, const Pools &p, void *scratch,
                                        cudaStream_t stream) {
    (void)scratch;
    const char *refusal = refuse_pools(p);
    if (refusal) return refusal;
    LAUNCH(select_thread_kernel, ceil_div(pool_count(p), 32), 32, 0, stream, least, p);
    return launch_error();
}
