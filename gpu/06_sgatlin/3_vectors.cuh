// y = Σ_c Σ_k act(score[c,k] · (in[c,index[c,k]] · x)) · out[c,index[c,k]]
// oracle: chapters/06_sgatlin/sgatlin.c, sgatlin_experts
// As 2_warp.cuh, with 16 bytes of a row per lane and load where D allows it.
#pragma once
#include "gpu/06_sgatlin/2_warp.cuh"

// [vectors
template <int WIDTH, class Real>
__global__ void sgatlin_vectors_kernel(Real *y, SgatlinForward neuron, const Real *x,
                                       const int *index, const Real *in, const Real *out,
                                       NeuronSizes s) {
    DYNAMIC_SHARED(float, shared);
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    int t = (int)blockIdx.x * TOKEN_WARPS + warp;
    if (t >= s.T) return;
    float *weight = shared + warp * s.slots();
    const int *selected = index + (size_t)t * s.slots();
    for (int slot = 0; slot < s.slots(); slot++) {
        const Real *row = in + s.row(slot, selected[slot]);
        float sum = 0.0f;
        for (int d = lane * WIDTH; d < s.D; d += 32 * WIDTH) {
            float xs[WIDTH], ws[WIDTH];
            load(xs, x + (size_t)t * s.D + d);
            load(ws, row + d);
            for (int i = 0; i < WIDTH; i++) sum += xs[i] * ws[i];
        }
        sum = warp_sum(sum);
        if (lane == 0) weight[slot] = sum;
    }
    __syncwarp();
    neuron(weight, t, lane, s);
    __syncwarp();
    for (int d = lane * WIDTH; d < s.D; d += 32 * WIDTH) {
        float sum[WIDTH] = {};
        for (int slot = 0; slot < s.slots(); slot++) {
            float ws[WIDTH];
            load(ws, out + s.row(slot, selected[slot]) + d);
            for (int i = 0; i < WIDTH; i++) sum[i] += weight[slot] * ws[i];
        }
        store(y + (size_t)t * s.D + d, sum);
    }
}
// vectors]

template <class Real>
const char *sgatlin_vectors(Real *y, float *z, const Real *x, const int *index, const float *score,
                            const Real *in, const Real *out, NeuronActivation activation,
                            NeuronSizes s, cudaStream_t stream) {
    if (const char *refusal = refuse_tokens(s)) return refusal;
    SgatlinForward neuron = { z, score, activation };
    auto vectors = is_vectorizable<Real>(s.D, y, x, in, out)
                       ? sgatlin_vectors_kernel<VECTOR<Real>, Real>
                       : sgatlin_vectors_kernel<1, Real>;
    LAUNCH(vectors, ceil_div(s.T, TOKEN_WARPS), 32 * TOKEN_WARPS, token_shared_bytes(s), stream, y,
           neuron, x, index, in, out, s);
    return launch_error();
}
