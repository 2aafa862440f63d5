// least (pools): of each pool the lowest key that is taken     oracle: chapters/03_who_chooses/
// routing.c, route_tokens
// One block per pool sorts all keys in shared memory, with a bitonic sort (Batcher 1968).
#pragma once
#include "gpu/02_mixture_of_experts/scan.cuh"
#include "gpu/03_who_chooses/pools.cuh"

constexpr int MAX_SORTED = 4096; // keys in 32 KiB of shared memory

// How many cells the pool takes; all threads of the block call it.
static __device__ inline int block_capacity(const Pools &p, int pool) {
    int tokens;
    block_scan(pool_tokens(p, pool, (int)threadIdx.x, (int)blockDim.x), &tokens);
    return pool_capacity(p, tokens);
}

// [sort
// keys: `size` of them, a power of two
static __global__ void select_sort_kernel(Key *least, Pools p, int size) {
    DYNAMIC_SHARED(Key, keys);
    int pool = (int)blockIdx.x, cells = pool_cells(p), capacity = block_capacity(p, pool);
    for (int i = (int)threadIdx.x; i < size; i += (int)blockDim.x)
        keys[i] = i < cells ? cell_key(p, cell_at_place(p, pool, i)) : 0;
    __syncthreads();
    for (int run = 2; run <= size; run *= 2) { // runs of this length get sorted
        for (int step = run / 2; step > 0; step /= 2) {
            for (int i = (int)threadIdx.x; i < size; i += (int)blockDim.x) {
                int other = i ^ step;
                bool descending = (i & run) == 0;
                if (other > i && (keys[i] < keys[other]) == descending) {
                    Key key = keys[i];
                    keys[i] = keys[other];
                    keys[other] = key;
                }
            }
            __syncthreads();
        }
    }
    if (threadIdx.x == 0) least[pool] = capacity > 0 ? keys[capacity - 1] : TAKE_NONE;
}
// sort]

static inline const char *select_sort(Key *least, const Pools &p, void *scratch,
                                      cudaStream_t stream) {
    (void)scratch;
    const char *refusal = refuse_pools(p);
    if (refusal) return refusal;
    if (pool_cells(p) > MAX_SORTED) return "a pool has more than 4096 cells: they do not fit";
    int size = 1;
    while (size < pool_cells(p)) size *= 2;
    LAUNCH(select_sort_kernel, pool_count(p), 256, (size_t)size * sizeof(Key), stream, least, p,
           size);
    return launch_error();
}
