// dx, dscore, din and dout from dy     oracle: chapters/06_sgatlin/sgatlin.c,
// sgatlin_experts_backward
// The sorted entries are cut into chunks of equal length, one per warp, whatever neurons they
// belong to. Where the entries of a neuron cross the border of a chunk, the parts of their sum go
// to memory, and a second kernel adds them in their order.
#pragma once
#include "gpu/06_sgatlin/backward_1_atomics.cuh"

// head [pools,chunks,D]: the sum of a chunk's first neuron, if it began in an earlier chunk.
// tail: the sum of its last neuron, if it began in this chunk and continues in the next.
// [chunks
template <int WIDTH, class Real>
__global__ void sum_chunk_kernel(float *dtable, float *head, float *tail, const float *weight,
                                 const Real *rows, const int *order, const int *start,
                                 const int *index, NeuronSizes s) {
    int chunk = (int)(blockIdx.x * blockDim.x + threadIdx.x) / 32, pool = (int)blockIdx.y;
    int d = (int)(blockIdx.z * 32 + threadIdx.x % 32) * WIDTH;
    if (chunk >= chunk_count(s) || d >= s.D) return;
    const int *own = order + (size_t)pool * pool_entries(s);
    const int *begin = start + (size_t)pool * (s.F + 1);
    int first = chunk * CHUNK, last = min(first + CHUNK, pool_entries(s));
    size_t part = ((size_t)pool * chunk_count(s) + chunk) * s.D + d;
    for (int i = first; i < last;) {
        int f = index[own[i]], end = min(begin[f + 1], last);
        float sum[WIDTH] = {};
        for (; i < end; i++) {
            float row[WIDTH], w = weight[own[i]];
            load(row, rows + (size_t)(own[i] / s.slots()) * s.D + d);
            for (int j = 0; j < WIDTH; j++) sum[j] += w * row[j];
        }
        if (begin[f] < first)
            store(head + part, sum); // also if it continues
        else if (begin[f + 1] > last)
            store(tail + part, sum);
        else
            add_to(dtable + ((size_t)pool * s.F + f) * s.D + d, sum);
    }
}
// chunks]

// Each neuron that continues in later chunks: the chunk in which it begins adds up its parts.
// [combine
template <int WIDTH>
__global__ void combine_chunks_kernel(float *dtable, const float *head, const float *tail,
                                      const int *order, const int *start, const int *index,
                                      NeuronSizes s) {
    int chunk = (int)(blockIdx.x * blockDim.x + threadIdx.x) / 32, pool = (int)blockIdx.y;
    int d = (int)(blockIdx.z * 32 + threadIdx.x % 32) * WIDTH;
    if (chunk + 1 >= chunk_count(s) || d >= s.D) return; // nothing continues after the last
    int last = (chunk + 1) * CHUNK, f = index[order[(size_t)pool * pool_entries(s) + last - 1]];
    const int *begin = start + (size_t)pool * (s.F + 1) + f;
    if (begin[0] < chunk * CHUNK || begin[1] <= last) return;
    float sum[WIDTH], more[WIDTH];
    size_t part = ((size_t)pool * chunk_count(s) + chunk) * s.D + d;
    load(sum, tail + part);
    for (; last < begin[1]; last += CHUNK) {
        part += s.D;
        load(more, head + part);
        for (int j = 0; j < WIDTH; j++) sum[j] += more[j];
    }
    add_to(dtable + ((size_t)pool * s.F + f) * s.D + d, sum);
}
// combine]

// dtable [pools,F,D] += of each neuron the sum of weight · rows [T,D] over its entries
template <class Real>
const char *add_table_gradient(float *dtable, const BackwardScratch &scratch, const float *weight,
                               const Real *rows, const int *index, NeuronSizes s,
                               cudaStream_t stream) {
    bool vectors = is_vectorizable<Real>(s.D, rows, dtable, scratch.head, scratch.tail);
    constexpr int WIDTH = VECTOR<Real>;
    auto chunks = vectors ? sum_chunk_kernel<WIDTH, Real> : sum_chunk_kernel<1, Real>;
    auto combine = vectors ? combine_chunks_kernel<WIDTH> : combine_chunks_kernel<1>;
    dim3 grid((unsigned)ceil_div(chunk_count(s), 4), (unsigned)s.pools,
              (unsigned)ceil_div(s.D, vectors ? 32 * WIDTH : 32));
    LAUNCH(chunks, grid, 128, 0, stream, dtable, scratch.head, scratch.tail, weight, rows,
           scratch.order, scratch.start, index, s);
    LAUNCH(combine, grid, 128, 0, stream, dtable, scratch.head, scratch.tail, scratch.order,
           scratch.start, index, s);
    return launch_error();
}

// The gradients of both tables, which are added to, from dz and weight of the scratch: the second
// half of every backward.
template <class Real>
const char *backward_tables(float *din, float *dout, const BackwardScratch &scratch, const Real *dy,
                            const Real *x, const int *index, NeuronSizes s, cudaStream_t stream) {
    const char *refusal =
        sort_by_neuron(scratch.order, scratch.start, scratch.counts, index, s, stream);
    if (refusal) return refusal;
    refusal = add_table_gradient(dout, scratch, scratch.weight, dy, index, s, stream);
    return refusal ? refusal : add_table_gradient(din, scratch, scratch.dz, x, index, s, stream);
}

template <class Real>
const char *sgatlin_backward(Real *dx, float *dscore, float *din, float *dout,
                             BackwardScratch scratch, const Real *dy, const Real *x,
                             const int *index, const float *score, const float *z, const Real *in,
                             const Real *out, NeuronActivation activation, NeuronSizes s,
                             cudaStream_t stream) {
    const char *refusal =
        backward_tokens(dx, dscore, scratch, dy, index, score, z, in, out, activation, s, stream);
    return refusal ? refusal : backward_tables(din, dout, scratch, dy, x, index, s, stream);
}
