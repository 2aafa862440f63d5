// y = Σ_c Σ_k gate[c,k] · gelu(in[index[c,k]] · x) · out[index[c,k]],  gate[c] = softmax(score[c])
// oracle: chapters/05_peer/peer.c, peer_experts and peer_experts_backward
// The kernel of lesson 06 with another neuron, and the softmax of each head and its backward in
// kernels of their own.
#pragma once
#include "gpu/06_sgatlin/backward_3_chunks.cuh"

// An expert that a hook silenced (-infinity) has no gate, even if all of a head are.
// [head_gates
static __device__ inline void head_gates(float *gate, const float *score, int K) {
    float max = score[0], sum = 0.0f;
    for (int k = 1; k < K; k++) max = fmaxf(max, score[k]);
    for (int k = 0; k < K; k++) sum += expf(score[k] - max);
    for (int k = 0; k < K; k++) gate[k] = score[k] == -INFINITY ? 0.0f : expf(score[k] - max) / sum;
}

// dscore may be dgate.
static __device__ inline void head_gates_backward(float *dscore, const float *dgate,
                                                  const float *gate, int K) {
    float mean = 0.0f;
    for (int k = 0; k < K; k++) mean += gate[k] * dgate[k];
    for (int k = 0; k < K; k++) dscore[k] = gate[k] * (dgate[k] - mean);
}
// head_gates]

// One thread per token and head.
static __global__ void gates_kernel(float *gate, const float *score, NeuronSizes s) {
    size_t head = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (head < (size_t)s.T * s.C) head_gates(gate + head * s.K, score + head * s.K, s.K);
}
static __global__ void gates_backward_kernel(float *dscore, const float *gate, NeuronSizes s) {
    size_t head = (size_t)blockIdx.x * blockDim.x + threadIdx.x, first = head * s.K;
    if (head < (size_t)s.T * s.C)
        head_gates_backward(dscore + first, dscore + first, gate + first, s.K);
}
static inline unsigned head_blocks(const NeuronSizes &s) {
    return (unsigned)(((size_t)s.T * s.C + 127) / 128);
}

// [neuron
struct GatedForward {
    float *z;          // [T,C,K], written
    const float *gate; // [T,C,K]
    __device__ void operator()(float *dots, int t, int lane, const NeuronSizes &s) const {
        for (int slot = lane; slot < s.slots(); slot += 32) {
            size_t e = (size_t)t * s.slots() + slot;
            z[e] = dots[slot];
            dots[slot] = gate[e] * neuron_gelu(dots[slot]);
        }
    }
};
// neuron]

struct GatedBackward {
    float *dgate, *dz, *weight; // [T,C,K], written; weight: what out had in y
    const float *gate, *z;      // [T,C,K]
    __device__ void operator()(float *dots, int t, int lane, const NeuronSizes &s) const {
        for (int slot = lane; slot < s.slots(); slot += 32) {
            size_t e = (size_t)t * s.slots() + slot;
            float hidden = neuron_gelu(z[e]);
            dgate[e] = hidden * dots[slot];
            weight[e] = gate[e] * hidden;
            dots[slot] = dz[e] = gate[e] * neuron_gelu_derivative(z[e]) * dots[slot];
        }
    }
};

// s.pools is 1: all heads select from the same tables [F,D].
template <class Real>
const char *peer_separate(Real *y, float *gate, float *z, const Real *x, const int *index,
                          const float *score, const Real *in, const Real *out, NeuronSizes s,
                          cudaStream_t stream) {
    if (const char *refusal = refuse_tokens(s)) return refusal;
    LAUNCH(gates_kernel, head_blocks(s), 128, 0, stream, gate, score, s);
    if (const char *error = launch_error()) return error;
    return launch_neurons(y, GatedForward{ z, gate }, x, index, in, out, s, stream);
}

template <class Real>
const char *peer_backward_separate(Real *dx, float *dscore, float *din, float *dout,
                                   BackwardScratch scratch, const Real *dy, const Real *x,
                                   const int *index, const float *gate, const float *z,
                                   const Real *in, const Real *out, NeuronSizes s,
                                   cudaStream_t stream) {
    GatedBackward neuron = { dscore, scratch.dz, scratch.weight, gate, z };
    const char *refusal = launch_neurons(dx, neuron, dy, index, out, in, s, stream);
    if (refusal) return refusal;
    LAUNCH(gates_backward_kernel, head_blocks(s), 128, 0, stream, dscore, gate, s);
    return backward_tables(din, dout, scratch, dy, x, index, s, stream);
}
