// The rows of the experts: row (entries) and first (E+1), as in dispatch_1_expert.cuh
// oracle: what chapters/02_mixture_of_experts/moe.c, moe_experts, loops over, sorted
// As dispatch_2_blocks.cuh, but each lane learns from one __match_any_sync which lanes of its warp
// have the same expert: no atomics, and no loop over the entries before its own.
#pragma once
#include "gpu/02_mixture_of_experts/dispatch_2_blocks.cuh"

// Of a thread's entry.
typedef struct {
    int expert; // -1: there is no entry
    int rank;   // entries of the same expert on lower lanes
} MatchedEntry;

// Sets counts (warps,E), how many entries of each expert each warp of the block has.
// [match
static __device__ inline MatchedEntry match_entries(int *counts, const int *index, int entries,
                                                    int E) {
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x), lane = (int)threadIdx.x % 32;
    int *own = counts + (int)threadIdx.x / 32 * E;
    for (int e = lane; e < E; e += 32) own[e] = 0;
    __syncwarp();
    int expert = i < entries ? index[i] : -1;
    unsigned same = __match_any_sync(0xffffffffu, expert); // a bit for each lane
    int rank = __popc(same & ((1u << lane) - 1));
    if (expert >= 0 && rank == 0) own[expert] = __popc(same); // one lane per expert
    __syncthreads();
    return MatchedEntry{ expert, rank };
}
// match]

static __global__ void match_histogram_kernel(int *block_counts, const int *start, const int *index,
                                              int N, int E) {
    DYNAMIC_SHARED(int, counts); // (warps,E)
    match_entries(counts, index, start[N], E);
    for (int e = (int)threadIdx.x; e < E; e += (int)blockDim.x) {
        int sum = 0;
        for (int w = 0; w < (int)blockDim.x / 32; w++) sum += counts[w * E + e];
        block_counts[(size_t)e * gridDim.x + blockIdx.x] = sum;
    }
}

// [match_scatter
static __global__ void match_scatter_kernel(int *first, int *row, const int *offsets,
                                            const int *start, const int *index, int N, int E) {
    DYNAMIC_SHARED(int, counts); // (warps,E)
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x), warp = (int)threadIdx.x / 32;
    MatchedEntry entry = match_entries(counts, index, start[N], E);
    if (entry.expert >= 0) {
        int place = offsets[(size_t)entry.expert * gridDim.x + blockIdx.x] + entry.rank;
        for (int w = 0; w < warp; w++) place += counts[w * E + entry.expert];
        row[i] = place;
    }
    for (int e = i; e <= E; e += (int)(gridDim.x * blockDim.x))
        first[e] = offsets[(size_t)e * gridDim.x];
}
// match_scatter]

static inline const char *dispatch_match(int *first, int *row, const int *start, const int *index,
                                         int N, int E, int capacity, int *scratch,
                                         cudaStream_t stream) {
    const char *refusal = refuse_dispatch(E, capacity);
    if (refusal) return refusal;
    int blocks = ceil_div(capacity, DISPATCH_THREADS);
    size_t shared = (size_t)DISPATCH_THREADS / 32 * (size_t)E * sizeof(int);
    LAUNCH(match_histogram_kernel, blocks, DISPATCH_THREADS, shared, stream, scratch, start, index,
           N, E);
    LAUNCH(scan_kernel, 1, 1024, 0, stream, scratch, E * blocks);
    LAUNCH(match_scatter_kernel, blocks, DISPATCH_THREADS, shared, stream, first, row, scratch,
           start, index, N, E);
    return launch_error();
}
