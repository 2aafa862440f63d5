// From the lowest taken key of each pool to the gating: the entries of each token, highest first.
// oracle: chapters/03_who_chooses/routing.c, list_chosen
#pragma once
#include "gpu/02_mixture_of_experts/routing.cuh"
#include "gpu/02_mixture_of_experts/scan.cuh"
#include "gpu/03_who_chooses/pools.cuh"

constexpr int LIST_THREADS = 256;

struct ListScratch {
    int *before; // (N): entries of earlier tokens of the same block
    int *totals; // (blocks+1): entries of earlier blocks
};

// [count
static __global__ void list_count_kernel(ListScratch out, const Key *least, Pools p) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x), count = 0, total;
    for (int e = 0; t < p.N && e < p.E; e++) {
        Cell cell = cell_in_table(p, t, e);
        count += cell_key(p, cell) >= least[cell.pool];
    }
    int before = block_scan(count, &total);
    if (t < p.N) out.before[t] = before;
    if (threadIdx.x == 0) out.totals[blockIdx.x] = total;
}
// count]

// One thread per cell. Its place among the entries of its token is the number of the token's taken
// cells that rank higher.
// [fill
static __global__ void list_fill_kernel(int *start, int *index, float *weight, ListScratch scratch,
                                        const Key *least, Pools p) {
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x), blocks = (p.N - 1) / LIST_THREADS + 1;
    if (i >= p.N * p.E) return;
    int t = i / p.E, e = i % p.E, place = scratch.totals[t / LIST_THREADS] + scratch.before[t];
    if (e == 0) start[t] = place;
    if (i == 0) start[p.N] = scratch.totals[blocks];
    Cell cell = cell_in_table(p, t, e);
    if (cell_key(p, cell) < least[cell.pool]) return;
    const float *score = p.score + (size_t)t * p.E;
    for (int other = 0; other < p.E; other++) {
        if (!ranks_higher(score[other], other, score[e], e)) continue;
        Cell c = cell_in_table(p, t, other);
        place += cell_key(p, c) >= least[c.pool];
    }
    index[place] = e;
    weight[place] = score[e];
}
// fill]

// How many ints `scratch` has.
static inline size_t list_scratch(int N) {
    return (size_t)N + (size_t)ceil_div(N, LIST_THREADS) + 1;
}

// start (N+1), index and weight (as many as the pools take).
static inline const char *list_entries(int *start, int *index, float *weight, const Key *least,
                                       const Pools &p, int *scratch, cudaStream_t stream) {
    const char *refusal = refuse_pools(p);
    if (refusal) return refusal;
    int blocks = ceil_div(p.N, LIST_THREADS);
    ListScratch list = { scratch, scratch + p.N };
    LAUNCH(list_count_kernel, blocks, LIST_THREADS, 0, stream, list, least, p);
    LAUNCH(scan_kernel, 1, 1024, 0, stream, list.totals, blocks);
    LAUNCH(list_fill_kernel, ceil_div(p.N * p.E, 256), 256, 0, stream, start, index, weight, list,
           least, p);
    return launch_error();
}
