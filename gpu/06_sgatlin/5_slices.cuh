// y = Σ_c Σ_k act(score[c,k] · (in[c,index[c,k]] · x)) · out[c,index[c,k]]
// oracle: chapters/06_sgatlin/sgatlin.c, sgatlin_experts
// A block has a slice of 128, 64 or 32 bytes of each row of a channel's table in shared memory, and
// streams many tokens past it: the table is read once for all of them. The sums over the slices of
// a dot product need a kernel of their own.
#pragma once
#include "gpu/06_sgatlin/2_warp.cuh"

constexpr int SLICE_THREADS = 512;
constexpr int SLICE_ROUNDS = 8; // tokens per group of lanes in a block

// A group of lanes owns a token: 16 bytes of a row per lane.
template <class Real, int BYTES> struct Slice {
    static constexpr int WIDTH = VECTOR<Real>, GROUP = BYTES / 16, COLUMNS = GROUP * WIDTH;
    static constexpr int GROUPS = SLICE_THREADS / GROUP,
                         TOKENS = GROUPS * SLICE_ROUNDS; // a block's
};

// Columns d0 .. of all rows of a pool into shared memory; those beyond D stay as they are.
template <int GROUP, class Real>
__device__ void load_slice(Real *slice, const Real *pool, int d0, const NeuronSizes &s) {
    constexpr int WIDTH = VECTOR<Real>;
    for (int i = (int)threadIdx.x; i < s.F * GROUP; i += SLICE_THREADS) {
        int f = i / GROUP, d = d0 + i % GROUP * WIDTH;
        if (d < s.D) copy_vector(slice + i * WIDTH, pool + (size_t)f * s.D + d);
    }
}

// partial [slices,T,C,K]: this slice's part of in · x
// [partial_dots
template <int BYTES, class Real>
__global__ void partial_dots_kernel(float *partial, const Real *x, const int *index, const Real *in,
                                    NeuronSizes s) {
    using Shape = Slice<Real, BYTES>;
    constexpr int WIDTH = Shape::WIDTH, GROUP = Shape::GROUP;
    DYNAMIC_SHARED(Real, slice);
    int lane = (int)threadIdx.x % GROUP, group = (int)threadIdx.x / GROUP;
    int d0 = (int)blockIdx.y * Shape::COLUMNS, d = d0 + lane * WIDTH;
    float *part = partial + blockIdx.y * s.entries();
    for (int c = 0; c < s.C; c++) {
        if (c == 0 || s.pools > 1) {
            __syncthreads(); // nobody reads the last channel's any more
            load_slice<GROUP>(slice, in + s.row(c * s.K, 0), d0, s);
            __syncthreads();
        }
        for (int round = 0; round < SLICE_ROUNDS; round++) {
            int t = (int)blockIdx.x * Shape::TOKENS + round * Shape::GROUPS + group;
            bool exists = t < s.T && d < s.D;
            float xs[WIDTH] = {}, ws[WIDTH] = {};
            if (exists) load(xs, x + (size_t)t * s.D + d);
            for (int k = 0; k < s.K; k++) {
                size_t e = ((size_t)t * s.C + c) * s.K + k;
                float sum = 0.0f;
                if (exists) load(ws, slice + index[e] * Shape::COLUMNS + lane * WIDTH);
                for (int i = 0; i < WIDTH; i++) sum += xs[i] * ws[i];
                for (int step = GROUP / 2; step > 0; step /= 2)
                    sum += __shfl_xor_sync(0xffffffffu, sum, step);
                if (lane == 0 && exists) part[e] = sum;
            }
        }
    }
}
// partial_dots]

// weight [T,C,K] from the sums over the slices. One warp per token.
template <class Neuron>
__global__ void combine_slices_kernel(float *weight, Neuron neuron, const float *partial,
                                      int slices, NeuronSizes s) {
    DYNAMIC_SHARED(float, shared);
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    int t = (int)blockIdx.x * TOKEN_WARPS + warp;
    if (t >= s.T) return;
    float *dots = shared + warp * s.slots();
    size_t first = (size_t)t * s.slots();
    for (int slot = lane; slot < s.slots(); slot += 32) {
        float sum = 0.0f;
        for (int i = 0; i < slices; i++) sum += partial[i * s.entries() + first + slot];
        dots[slot] = sum;
    }
    __syncwarp();
    neuron(dots, t, lane, s);
    __syncwarp();
    for (int slot = lane; slot < s.slots(); slot += 32) weight[first + slot] = dots[slot];
}

// This slice's columns of y.
template <int BYTES, class Real>
__global__ void sum_slice_kernel(Real *y, const float *weight, const int *index, const Real *out,
                                 NeuronSizes s) {
    using Shape = Slice<Real, BYTES>;
    constexpr int WIDTH = Shape::WIDTH, GROUP = Shape::GROUP;
    DYNAMIC_SHARED(Real, slice);
    int lane = (int)threadIdx.x % GROUP, group = (int)threadIdx.x / GROUP;
    int d0 = (int)blockIdx.y * Shape::COLUMNS, d = d0 + lane * WIDTH;
    int t0 = (int)blockIdx.x * Shape::TOKENS + group;
    float sum[SLICE_ROUNDS][WIDTH] = {};
    for (int c = 0; c < s.C; c++) {
        if (c == 0 || s.pools > 1) {
            __syncthreads();
            load_slice<GROUP>(slice, out + s.row(c * s.K, 0), d0, s);
            __syncthreads();
        }
        for (int round = 0; round < SLICE_ROUNDS; round++) {
            int t = t0 + round * Shape::GROUPS;
            for (int k = 0; k < s.K && t < s.T && d < s.D; k++) {
                size_t e = ((size_t)t * s.C + c) * s.K + k;
                float ws[WIDTH], w = weight[e];
                load(ws, slice + index[e] * Shape::COLUMNS + lane * WIDTH);
                for (int i = 0; i < WIDTH; i++) sum[round][i] += w * ws[i];
            }
        }
    }
    for (int round = 0; round < SLICE_ROUNDS; round++) {
        int t = t0 + round * Shape::GROUPS;
        if (t < s.T && d < s.D) store(y + (size_t)t * s.D + d, sum[round]);
    }
}

// The floats of scratch: the parts of the dot products, for the narrowest slice, and the weights.
static inline size_t slices_scratch_floats(const NeuronSizes &s) {
    return ((size_t)ceil_div(s.D, 8) + 1) * s.entries();
}

template <int BYTES, class Real, class Neuron>
const char *launch_slices(Real *y, const Neuron &neuron, float *scratch, const Real *v,
                          const int *index, const Real *dot_table, const Real *sum_table,
                          NeuronSizes s, cudaStream_t stream) {
    using Shape = Slice<Real, BYTES>;
    int slices = ceil_div(s.D, Shape::COLUMNS), bytes = s.F * BYTES;
    float *weight = scratch, *partial = scratch + s.entries();
    dim3 grid((unsigned)ceil_div(s.T, Shape::TOKENS), (unsigned)slices);
    auto partial_dots = partial_dots_kernel<BYTES, Real>;
    auto sum_slice = sum_slice_kernel<BYTES, Real>;
    cudaFuncSetAttribute(partial_dots, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
    cudaFuncSetAttribute(sum_slice, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
    LAUNCH(partial_dots, grid, SLICE_THREADS, bytes, stream, partial, v, index, dot_table, s);
    auto combine_slices = combine_slices_kernel<Neuron>;
    LAUNCH(combine_slices, ceil_div(s.T, TOKEN_WARPS), 32 * TOKEN_WARPS, token_shared_bytes(s),
           stream, weight, neuron, partial, slices, s);
    LAUNCH(sum_slice, grid, SLICE_THREADS, bytes, stream, y, weight, index, sum_table, s);
    return launch_error();
}

template <class Real>
const char *sgatlin_slices(Real *y, float *z, float *scratch, const Real *x, const int *index,
                           const float *score, const Real *in, const Real *out,
                           NeuronActivation activation, NeuronSizes s, cudaStream_t stream) {
    if (const char *refusal = refuse_tokens(s)) return refusal;
    if (!is_vectorizable<Real>(s.D, y, x, in, out)) return "rows are not a multiple of 16 bytes";
    int limit = 0; // of shared memory per block, in bytes
    cudaDeviceGetAttribute(&limit, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0);
    SgatlinForward neuron = { z, score, activation };
    if ((size_t)s.F * 128 <= (size_t)limit)
        return launch_slices<128>(y, neuron, scratch, x, index, in, out, s, stream);
    if ((size_t)s.F * 64 <= (size_t)limit)
        return launch_slices<64>(y, neuron, scratch, x, index, in, out, s, stream);
    if ((size_t)s.F * 32 <= (size_t)limit)
        return launch_slices<32>(y, neuron, scratch, x, index, in, out, s, stream);
    return "F is too large: 32 bytes of each row do not fit the shared memory of a block";
}
