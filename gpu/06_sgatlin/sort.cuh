// A stable counting sort of the entries of a gating by neuron, pool by pool: histogram, scan,
// scatter. No atomic whose order matters, so the result is the same in every run.
// oracle: std::stable_sort, in lesson.cu
#pragma once
#include "gpu/06_sgatlin/neurons.cuh"

// The entries of a pool in order are cut into parts of as many as this, one per warp. At least F,
// so that the table of counts is not larger than the entries; a multiple of 32.
static __host__ __device__ inline int part_entries(const NeuronSizes &s) {
    return (s.F > 1024 ? s.F + 31 : 1024) / 32 * 32;
}
static __host__ __device__ inline int pool_entries(const NeuronSizes &s) {
    return s.T * (s.slots() / s.pools);
}
static __host__ __device__ inline int part_count(const NeuronSizes &s) {
    return (pool_entries(s) + part_entries(s) - 1) / part_entries(s);
}
// The i-th entry of a pool.
static __device__ inline int entry_of(int pool, int i, const NeuronSizes &s) {
    int each = s.slots() / s.pools;
    return i / each * s.slots() + pool * each + i % each;
}

// counts [pools,parts,F] of each part. One warp per part: its lanes read 32 entries at once.
// [count
static __global__ void count_kernel(int *counts, const int *index, NeuronSizes s) {
    int part = (int)blockIdx.x, pool = (int)blockIdx.y, lane = (int)threadIdx.x;
    int *own = counts + ((size_t)pool * part_count(s) + part) * s.F;
    for (int f = lane; f < s.F; f += 32) own[f] = 0;
    __syncwarp();
    int first = part * part_entries(s), last = min(first + part_entries(s), pool_entries(s));
    for (int i = first + lane; i < last; i += 32) atomicAdd(&own[index[entry_of(pool, i, s)]], 1);
}
// count]

// Each count becomes the number of the neuron's entries in the parts before, and start[pool,f+1]
// the number in all parts. One thread per neuron.
// [scan_parts
static __global__ void scan_parts_kernel(int *counts, int *start, NeuronSizes s) {
    int f = (int)(blockIdx.x * blockDim.x + threadIdx.x), pool = (int)blockIdx.y;
    if (f >= s.F) return;
    int before = 0, parts = part_count(s);
    for (int part = 0; part < parts; part++) {
        int *count = counts + ((size_t)pool * parts + part) * s.F + f, own = *count;
        *count = before;
        before += own;
    }
    start[(size_t)pool * (s.F + 1) + f + 1] = before;
}
// scan_parts]

constexpr int SCAN_THREADS = 1024;

// start [pools,F+1]: from the number of each neuron's entries to where they begin. One block per
// pool; each round scans as many neurons as the block has threads (Hillis and Steele 1986).
// [scan
static __global__ void scan_kernel(int *start, NeuronSizes s) {
    __shared__ int sum[SCAN_THREADS];
    int thread = (int)threadIdx.x, before = 0;
    int *own = start + (size_t)blockIdx.x * (s.F + 1);
    if (thread == 0) own[0] = 0;
    for (int f0 = 0; f0 < s.F; f0 += SCAN_THREADS) {
        int f = f0 + thread;
        sum[thread] = f < s.F ? own[f + 1] : 0;
        __syncthreads();
        for (int step = 1; step < SCAN_THREADS; step *= 2) {
            int left = thread >= step ? sum[thread - step] : 0;
            __syncthreads(); // all have read before anyone writes
            sum[thread] += left;
            __syncthreads();
        }
        if (f < s.F) own[f + 1] = before + sum[thread];
        before += sum[SCAN_THREADS - 1];
        __syncthreads();
    }
}
// scan]

// order [pools, entries of a pool]: entries by neuron, those of a neuron in their own order.
// Lanes with the same neuron find each other; each goes as far back as there are such lanes before
// it, and the last of them moves the count on.
// [scatter
static __global__ void scatter_kernel(int *order, int *counts, const int *start, const int *index,
                                      NeuronSizes s) {
    int part = (int)blockIdx.x, pool = (int)blockIdx.y, lane = (int)threadIdx.x;
    int *place = counts + ((size_t)pool * part_count(s) + part) * s.F;
    const int *begin = start + (size_t)pool * (s.F + 1);
    int *own = order + (size_t)pool * pool_entries(s);
    int first = part * part_entries(s), last = min(first + part_entries(s), pool_entries(s));
    for (int i0 = first; i0 < last; i0 += 32) {
        int i = i0 + lane, e = i < last ? entry_of(pool, i, s) : 0;
        int f = i < last ? index[e] : -1;
        unsigned same = __match_any_sync(0xffffffffu, f);
        int rank = __popc(same & ((1u << lane) - 1)), count = f >= 0 ? place[f] : 0;
        __syncwarp(); // all have read the counts
        if (f >= 0) own[begin[f] + count + rank] = e;
        if (f >= 0 && rank == __popc(same) - 1) place[f] = count + rank + 1;
        __syncwarp();
    }
}
// scatter]

static inline size_t sort_counts(const NeuronSizes &s) {
    return (size_t)s.pools * part_count(s) * s.F;
}

// order [pools, T·C·K / pools] and start [pools,F+1] are written; counts [sort_counts] is scratch.
static inline const char *sort_by_neuron(int *order, int *start, int *counts, const int *index,
                                         NeuronSizes s, cudaStream_t stream) {
    if (const char *refusal = refuse_neurons(s)) return refusal;
    if (s.pools > 65535) return "more than 65535 pools, the most blocks in a column of a grid";
    unsigned pools = (unsigned)s.pools;
    dim3 parts((unsigned)part_count(s), pools), neurons((unsigned)ceil_div(s.F, 256), pools);
    LAUNCH(count_kernel, parts, 32, 0, stream, counts, index, s);
    LAUNCH(scan_parts_kernel, neurons, 256, 0, stream, counts, start, s);
    LAUNCH(scan_kernel, pools, SCAN_THREADS, 0, stream, start, s);
    LAUNCH(scatter_kernel, parts, 32, 0, stream, order, counts, start, index, s);
    return launch_error();
}
