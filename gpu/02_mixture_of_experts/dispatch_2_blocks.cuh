// The rows of the experts: row (entries) and first (E+1), as in dispatch_1_expert.cuh
// oracle: what chapters/02_mixture_of_experts/moe.c, moe_experts, loops over, sorted
// A counting sort. A block has 256 entries: it counts how many of them each expert has; a scan
// turns all counts into the first row of each (expert, block); then each entry adds the number of
// entries before it in its block that have the same expert.
#pragma once
#include "gpu/02_mixture_of_experts/scan.cuh"

constexpr int DISPATCH_THREADS = 256, MAX_DISPATCH_EXPERTS = 1024;

// counts (E,blocks)
// [histogram
static __global__ void dispatch_histogram_kernel(int *counts, const int *start, const int *index,
                                                 int N, int E) {
    DYNAMIC_SHARED(int, count); // (E)
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    for (int e = (int)threadIdx.x; e < E; e += (int)blockDim.x) count[e] = 0;
    __syncthreads();
    if (i < start[N]) atomicAdd(&count[index[i]], 1);
    __syncthreads();
    for (int e = (int)threadIdx.x; e < E; e += (int)blockDim.x)
        counts[(size_t)e * gridDim.x + blockIdx.x] = count[e];
}
// histogram]

// [scatter
static __global__ void dispatch_scatter_kernel(int *first, int *row, const int *offsets,
                                               const int *start, const int *index, int N, int E) {
    __shared__ int experts[DISPATCH_THREADS];
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    int expert = i < start[N] ? index[i] : -1;
    experts[threadIdx.x] = expert;
    __syncthreads();
    int rank = 0;
    for (int j = 0; j < (int)threadIdx.x; j++) rank += experts[j] == expert;
    if (expert >= 0) row[i] = offsets[(size_t)expert * gridDim.x + blockIdx.x] + rank;
    for (int e = i; e <= E; e += (int)(gridDim.x * blockDim.x))
        first[e] = offsets[(size_t)e * gridDim.x];
}
// scatter]

// How many ints scratch has.
static inline size_t dispatch_scratch(int E, int capacity) {
    return (size_t)E * (size_t)ceil_div(capacity, DISPATCH_THREADS) + 1;
}

static inline const char *refuse_dispatch(int E, int capacity) {
    if (E > MAX_DISPATCH_EXPERTS) return "E is more than 1024, for which shared memory has space";
    if (dispatch_scratch(E, capacity) > 0x7fffffff) return "E times capacity is too large";
    return nullptr;
}

static inline const char *dispatch_blocks(int *first, int *row, const int *start, const int *index,
                                          int N, int E, int capacity, int *scratch,
                                          cudaStream_t stream) {
    const char *refusal = refuse_dispatch(E, capacity);
    if (refusal) return refusal;
    int blocks = ceil_div(capacity, DISPATCH_THREADS);
    LAUNCH(dispatch_histogram_kernel, blocks, DISPATCH_THREADS, (size_t)E * sizeof(int), stream,
           scratch, start, index, N, E);
    LAUNCH(scan_kernel, 1, 1024, 0, stream, scratch, E * blocks);
    LAUNCH(dispatch_scatter_kernel, blocks, DISPATCH_THREADS, 0, stream, first, row, scratch, start,
           index, N, E);
    return launch_error();
}
