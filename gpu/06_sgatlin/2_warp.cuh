// y = Σ_c Σ_k act(score[c,k] · (in[c,index[c,k]] · x)) · out[c,index[c,k]]
// oracle: chapters/06_sgatlin/sgatlin.c, sgatlin_experts
// One warp per token, which reads only the rows of its selected neurons, a number per lane.
#pragma once
#include "gpu/06_sgatlin/neurons.cuh"
#include "gpu/06_sgatlin/warp_sum.cuh"

constexpr int TOKEN_WARPS = 4; // warps, and tokens, per block

// [warp
template <class Real>
__global__ void sgatlin_warp_kernel(Real *y, SgatlinForward neuron, const Real *x, const int *index,
                                    const Real *in, const Real *out, NeuronSizes s) {
    DYNAMIC_SHARED(float, shared);
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    int t = (int)blockIdx.x * TOKEN_WARPS + warp;
    if (t >= s.T) return;
    float *weight = shared + warp * s.slots();
    const int *selected = index + (size_t)t * s.slots();
    for (int slot = 0; slot < s.slots(); slot++) {
        const Real *row = in + s.row(slot, selected[slot]);
        float sum = 0.0f;
        for (int d = lane; d < s.D; d += 32) sum += (float)row[d] * (float)x[(size_t)t * s.D + d];
        sum = warp_sum(sum);
        if (lane == 0) weight[slot] = sum;
    }
    __syncwarp();
    neuron(weight, t, lane, s); // from dot products to weights
    __syncwarp();
    for (int d = lane; d < s.D; d += 32) {
        float sum = 0.0f;
        for (int slot = 0; slot < s.slots(); slot++)
            sum += weight[slot] * (float)out[s.row(slot, selected[slot]) + d];
        y[(size_t)t * s.D + d] = (Real)sum;
    }
}
// warp]

// The weights of a block's tokens, in shared memory.
static inline size_t token_shared_bytes(const NeuronSizes &s) {
    return (size_t)TOKEN_WARPS * s.slots() * sizeof(float);
}
static inline const char *refuse_tokens(const NeuronSizes &s) {
    if (const char *refusal = refuse_neurons(s)) return refusal;
    if (token_shared_bytes(s) > 48 * 1024)
        return "C * K is more than 3072: no shared memory for it";
    return nullptr;
}

template <class Real>
const char *sgatlin_warp(Real *y, float *z, const Real *x, const int *index, const float *score,
                         const Real *in, const Real *out, NeuronActivation activation,
                         NeuronSizes s, cudaStream_t stream) {
    if (const char *refusal = refuse_tokens(s)) return refusal;
    SgatlinForward neuron = { z, score, activation };
    auto warp = sgatlin_warp_kernel<Real>;
    LAUNCH(warp, ceil_div(s.T, TOKEN_WARPS), 32 * TOKEN_WARPS, token_shared_bytes(s), stream, y,
           neuron, x, index, in, out, s);
    return launch_error();
}
