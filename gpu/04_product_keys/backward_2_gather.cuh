// dscores [T,lists,n] from dscore [T,C,K]     oracle: chapters/04_product_keys/product_keys.c,
// product_backward
// One thread per key, which looks for itself among the K selected ones: every number is written
// once, by neighbouring lanes next to each other.
#pragma once
#include "gpu/04_product_keys/backward_1_scatter.cuh"

// [gather
template <class Real>
__global__ void spread_gather_kernel(Real *dscores, const float *dscore, const int *index,
                                     KeySizes s) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= (size_t)s.T * s.lists() * s.n) return;
    int key = (int)(i % s.n), list = (int)(i / s.n % s.lists());
    size_t first = (i / s.n / s.lists() * s.C + list % s.C) * s.K;
    float sum = 0.0f;
    for (int k = 0; k < s.K; k++) {
        if (key_of_list(index[first + k], list, s) == key) sum += dscore[first + k];
    }
    dscores[i] = (Real)sum;
}
// gather]

template <class Real>
const char *spread_gradient(Real *dscores, const float *dscore, const int *index, KeySizes s,
                            cudaStream_t stream) {
    if (const char *refusal = refuse_keys(s)) return refusal;
    size_t blocks = ((size_t)s.T * s.lists() * s.n + 255) / 256;
    if (blocks > INT_MAX) return "more scores than a grid has threads: pass fewer tokens";
    LAUNCH(spread_gather_kernel<Real>, (unsigned)blocks, 256, 0, stream, dscores, dscore, index, s);
    return launch_error();
}
