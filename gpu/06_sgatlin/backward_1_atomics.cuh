// dx, dscore, din and dout from dy     oracle: chapters/06_sgatlin/sgatlin.c,
// sgatlin_experts_backward
// The tables' gradients by atomic additions: many tokens select the same neuron, and whoever comes
// first adds first. The sums are right, but their last bits differ from run to run.
#pragma once
#include "gpu/06_sgatlin/4_transpose.cuh"
#include "gpu/06_sgatlin/sort.cuh"
#include <type_traits>

// Memory of the caller's. The first version needs only dz and weight, the second no head and tail.
struct BackwardScratch {
    float *dz, *weight;          // [T,C,K]: the weights of the rows of x and of dy in the gradients
    int *order, *start, *counts; // see sort.cuh
    float *head, *tail;          // [pools,chunks,D], see backward_3_chunks.cuh
};

constexpr int CHUNK = 256; // entries
static __host__ __device__ inline int chunk_count(const NeuronSizes &s) {
    return (pool_entries(s) + CHUNK - 1) / CHUNK;
}

// Divides a block of memory; each part is aligned to 16 bytes if the block is. Returns the bytes
// that it needs; with block null, that is all.
static inline size_t backward_scratch(BackwardScratch *out, void *block, const NeuronSizes &s) {
    size_t used = 0, parts = (size_t)s.pools * chunk_count(s) * s.D;
    auto take = [&](auto *&part, size_t count) {
        part = block ? reinterpret_cast<std::remove_reference_t<decltype(part)>>(
                           static_cast<char *>(block) + used)
                     : nullptr;
        used += (count * 4 + 15) / 16 * 16;
    };
    take(out->dz, s.entries());
    take(out->weight, s.entries());
    take(out->order, s.entries());
    take(out->start, (size_t)s.pools * (s.F + 1));
    take(out->counts, sort_counts(s));
    take(out->head, parts);
    take(out->tail, parts);
    return used;
}

// dx and dscore are written, and dz and weight of the scratch.
template <class Real>
const char *backward_tokens(Real *dx, float *dscore, const BackwardScratch &scratch, const Real *dy,
                            const int *index, const float *score, const float *z, const Real *in,
                            const Real *out, NeuronActivation activation, NeuronSizes s,
                            cudaStream_t stream) {
    SgatlinBackward neuron = { dscore, scratch.dz, scratch.weight, score, z, activation };
    return launch_neurons(dx, neuron, dy, index, out, in, s, stream);
}

// dtable [pools,F,D] += Σ weight · row of the token. One warp per entry.
// [atomics
template <class Real>
__global__ void add_rows_kernel(float *dtable, const float *weight, const Real *rows,
                                const int *index, NeuronSizes s) {
    size_t e = ((size_t)blockIdx.x * blockDim.x + threadIdx.x) / 32;
    int lane = (int)threadIdx.x % 32;
    if (e >= s.entries()) return;
    size_t t = e / s.slots();
    float *sum = dtable + s.row((int)(e % s.slots()), index[e]);
    for (int d = lane; d < s.D; d += 32) atomicAdd(&sum[d], weight[e] * (float)rows[t * s.D + d]);
}
// atomics]

template <class Real>
const char *sgatlin_backward_atomics(Real *dx, float *dscore, float *din, float *dout,
                                     BackwardScratch scratch, const Real *dy, const Real *x,
                                     const int *index, const float *score, const float *z,
                                     const Real *in, const Real *out, NeuronActivation activation,
                                     NeuronSizes s, cudaStream_t stream) {
    const char *refusal =
        backward_tokens(dx, dscore, scratch, dy, index, score, z, in, out, activation, s, stream);
    if (refusal) return refusal;
    unsigned blocks = (unsigned)((s.entries() + 3) / 4);
    LAUNCH(add_rows_kernel<Real>, blocks, 128, 0, stream, dout, scratch.weight, dy, index, s);
    LAUNCH(add_rows_kernel<Real>, blocks, 128, 0, stream, din, scratch.dz, x, index, s);
    return launch_error();
}
