// y = Σ_c Σ_k gate[c,k] · gelu(in[index[c,k]] · x) · out[index[c,k]],  gate[c] = softmax(score[c])
// oracle: chapters/05_peer/peer.c, peer_experts and peer_experts_backward
// The softmax and its backward inside the neuron: a lane per head, while the warp has the token's
// numbers at hand anyway.
#pragma once
#include "gpu/05_peer/1_separate.cuh"

// [fused
struct PeerForward {
    float *gate, *z;    // [T,C,K], written
    const float *score; // [T,C,K]
    __device__ void operator()(float *dots, int t, int lane, const NeuronSizes &s) const {
        for (int c = lane; c < s.C; c += 32) {
            size_t first = (size_t)t * s.slots() + c * s.K;
            head_gates(gate + first, score + first, s.K);
        }
        __syncwarp(); // other lanes need the gates
        GatedForward{ z, gate }(dots, t, lane, s);
    }
};
// fused]

struct PeerBackward {
    float *dscore, *dz, *weight; // [T,C,K], written
    const float *gate, *z;       // [T,C,K]
    __device__ void operator()(float *dots, int t, int lane, const NeuronSizes &s) const {
        GatedBackward{ dscore, dz, weight, gate, z }(dots, t, lane, s);
        __syncwarp(); // what are the gradients of the gates so far become those of the scores
        for (int c = lane; c < s.C; c += 32) {
            size_t first = (size_t)t * s.slots() + c * s.K;
            head_gates_backward(dscore + first, dscore + first, gate + first, s.K);
        }
    }
};

// Forward: y [T,D], gate and z [T,C,K] are written. s.pools is 1.
template <class Real>
const char *peer_forward(Real *y, float *gate, float *z, const Real *x, const int *index,
                         const float *score, const Real *in, const Real *out, NeuronSizes s,
                         cudaStream_t stream) {
    return launch_neurons(y, PeerForward{ gate, z, score }, x, index, in, out, s, stream);
}

// Backward: dx [T,D] and dscore [T,C,K] are written, din and dout [F,D] added to.
template <class Real>
const char *peer_backward(Real *dx, float *dscore, float *din, float *dout, BackwardScratch scratch,
                          const Real *dy, const Real *x, const int *index, const float *gate,
                          const float *z, const Real *in, const Real *out, NeuronSizes s,
                          cudaStream_t stream) {
    PeerBackward neuron = { dscore, scratch.dz, scratch.weight, gate, z };
    const char *refusal = launch_neurons(dx, neuron, dy, index, out, in, s, stream);
    return refusal ? refusal : backward_tables(din, dout, scratch, dy, x, index, s, stream);
}
