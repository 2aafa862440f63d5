// y = Σ_c Σ_k act(score[c,k] · (in[c,index[c,k]] · x)) · out[c,index[c,k]]
// oracle: chapters/06_sgatlin/sgatlin.c, sgatlin_experts
// As 3_vectors.cuh, with 8 rows at a time: their loads are issued together, and their 8 sums are
// reduced together, with 9 shuffles in place of 40. The kernel serves both directions and lesson
// 05: it takes dot products of a vector with the rows of one table, lets a neuron turn them into
// weights, and sums the rows of another table.
#pragma once
#include "gpu/06_sgatlin/2_warp.cuh"

// [sum_of_8
// Sums 8 values over the lanes of the warp; lane l gets the sum of value l / 4. With each step half
// of the values go to the other half of the lanes, so that a lane has 8, 4, 2, 1 of them.
static __device__ inline float sum_of_8(float (&v)[8], int lane) {
    for (int left = 4; left > 0; left /= 2) {
        int step = 4 * left; // 16, 8, 4 lanes
        bool upper = lane & step;
        for (int i = 0; i < left; i++) {
            float keep = upper ? v[i + left] : v[i], give = upper ? v[i] : v[i + left];
            v[i] = keep + __shfl_xor_sync(0xffffffffu, give, step);
        }
    }
    v[0] += __shfl_xor_sync(0xffffffffu, v[0], 2);
    return v[0] + __shfl_xor_sync(0xffffffffu, v[0], 1);
}
// sum_of_8]

// The dot products of vt [D] with the rows that a token selected, into dots [slots] in shared
// memory. Where fewer than 8 are left, the last row is read again and its sum not used.
// [dots
template <int WIDTH, class Real>
__device__ void dot_rows(float *dots, const Real *__restrict__ vt, const Real *__restrict__ table,
                         const int *__restrict__ selected, int lane, const NeuronSizes &s) {
    for (int first = 0; first < s.slots(); first += 8) {
        const Real *row[8];
        float sum[8] = {};
        for (int i = 0; i < 8; i++) {
            int slot = min(first + i, s.slots() - 1);
            row[i] = table + s.row(slot, selected[slot]);
        }
        for (int d = lane * WIDTH; d < s.D; d += 32 * WIDTH) {
            float vs[WIDTH], ws[8][WIDTH];
            load(vs, vt + d);
            for (int i = 0; i < 8; i++) load(ws[i], row[i] + d);
            for (int i = 0; i < 8; i++) {
                for (int j = 0; j < WIDTH; j++) sum[i] += vs[j] * ws[i][j];
            }
        }
        float total = sum_of_8(sum, lane);
        int slot = first + lane / 4;
        if (lane % 4 == 0 && slot < s.slots()) dots[slot] = total;
    }
}
// dots]

// [sum
// yt [D] = Σ weight[slot] · row of that slot
template <int WIDTH, class Real>
__device__ void sum_rows(Real *yt, const float *weight, const Real *__restrict__ table,
                         const int *__restrict__ selected, int lane, const NeuronSizes &s) {
    for (int d = lane * WIDTH; d < s.D; d += 32 * WIDTH) {
        float sum[WIDTH] = {};
        for (int slot = 0; slot < s.slots(); slot++) {
            float ws[WIDTH];
            load(ws, table + s.row(slot, selected[slot]) + d);
            for (int i = 0; i < WIDTH; i++) sum[i] += weight[slot] * ws[i];
        }
        store(yt + d, sum);
    }
}
// sum]

// [neurons
template <int WIDTH, class Real, class Neuron>
__global__ void neurons_kernel(Real *y, Neuron neuron, const Real *v, const int *index,
                               const Real *dot_table, const Real *sum_table, NeuronSizes s) {
    DYNAMIC_SHARED(float, shared);
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    int t = (int)blockIdx.x * TOKEN_WARPS + warp;
    if (t >= s.T) return;
    float *weight = shared + warp * s.slots();
    const int *selected = index + (size_t)t * s.slots();
    dot_rows<WIDTH>(weight, v + (size_t)t * s.D, dot_table, selected, lane, s);
    __syncwarp();
    neuron(weight, t, lane, s);
    __syncwarp();
    sum_rows<WIDTH>(y + (size_t)t * s.D, weight, sum_table, selected, lane, s);
}
// neurons]

// y [T,D] from v [T,D]. Forward: v = x and the tables are in and out; backward: v = dy and they are
// out and in.
template <class Real, class Neuron>
const char *launch_neurons(Real *y, const Neuron &neuron, const Real *v, const int *index,
                           const Real *dot_table, const Real *sum_table, NeuronSizes s,
                           cudaStream_t stream) {
    if (const char *refusal = refuse_tokens(s)) return refusal;
    auto neurons = is_vectorizable<Real>(s.D, y, v, dot_table, sum_table)
                       ? neurons_kernel<VECTOR<Real>, Real, Neuron>
                       : neurons_kernel<1, Real, Neuron>;
    LAUNCH(neurons, ceil_div(s.T, TOKEN_WARPS), 32 * TOKEN_WARPS, token_shared_bytes(s), stream, y,
           neuron, v, index, dot_table, sum_table, s);
    return launch_error();
}

// Forward: y [T,D] and z [T,C,K] are written.
template <class Real>
const char *sgatlin_forward(Real *y, float *z, const Real *x, const int *index, const float *score,
                            const Real *in, const Real *out, NeuronActivation activation,
                            NeuronSizes s, cudaStream_t stream) {
    SgatlinForward neuron = { z, score, activation };
    return launch_neurons(y, neuron, x, index, in, out, s, stream);
}
