// dx, dscore, din and dout from dy     oracle: chapters/06_sgatlin/sgatlin.c,
// sgatlin_experts_backward
// The entries are sorted by neuron, and one warp sums the rows of one neuron, in the order of the
// tokens: the same bits in every run. A neuron that many tokens select keeps its warp busy while
// the others have nothing to do.
#pragma once
#include "gpu/06_sgatlin/backward_1_atomics.cuh"

// [sorted
template <class Real>
__global__ void sum_neuron_kernel(float *dtable, const float *weight, const Real *rows,
                                  const int *order, const int *start, NeuronSizes s) {
    int neuron = (int)((blockIdx.x * blockDim.x + threadIdx.x) / 32), lane = (int)threadIdx.x % 32;
    if (neuron >= s.pools * s.F) return;
    int pool = neuron / s.F, f = neuron % s.F;
    const int *begin = start + (size_t)pool * (s.F + 1) + f;
    const int *own = order + (size_t)pool * pool_entries(s);
    for (int d = lane; d < s.D; d += 32) {
        float sum = 0.0f;
        for (int i = begin[0]; i < begin[1]; i++)
            sum += weight[own[i]] * (float)rows[(size_t)(own[i] / s.slots()) * s.D + d];
        dtable[(size_t)neuron * s.D + d] += sum;
    }
}
// sorted]

template <class Real>
const char *sgatlin_backward_sorted(Real *dx, float *dscore, float *din, float *dout,
                                    BackwardScratch scratch, const Real *dy, const Real *x,
                                    const int *index, const float *score, const float *z,
                                    const Real *in, const Real *out, NeuronActivation activation,
                                    NeuronSizes s, cudaStream_t stream) {
    const char *refusal =
        backward_tokens(dx, dscore, scratch, dy, index, score, z, in, out, activation, s, stream);
    if (refusal) return refusal;
    refusal = sort_by_neuron(scratch.order, scratch.start, scratch.counts, index, s, stream);
    if (refusal) return refusal;
    unsigned blocks = (unsigned)ceil_div(s.pools * s.F, 4);
    LAUNCH(sum_neuron_kernel<Real>, blocks, 128, 0, stream, dout, scratch.weight, dy, scratch.order,
           scratch.start, s);
    LAUNCH(sum_neuron_kernel<Real>, blocks, 128, 0, stream, din, scratch.dz, x, scratch.order,
           scratch.start, s);
    return launch_error();
}
