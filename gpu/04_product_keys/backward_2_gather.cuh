// dscores [T,lists,n] from dscore [T,C,K]     oracle: chapters/04_product_keys/product_keys.c,
// product_backward
// One block per token, and a thread per key, which looks for itself among the K selected ones:
// every number is written once, by neighbouring lanes next to each other.
#pragma once
#include "gpu/04_product_keys/backward_1_scatter.cuh"

// [gather
template <class Real>
__global__ void spread_gather_kernel(Real *dscores, const float *dscore, const int *index,
                                     KeySizes s) {
    int t = (int)blockIdx.x, keys = s.lists() * s.n;
    for (int i = (int)threadIdx.x; i < keys; i += (int)blockDim.x) {
        int list = i / s.n, key = i % s.n;
        size_t first = ((size_t)t * s.C + list % s.C) * s.K;
        float sum = 0.0f;
        for (int k = 0; k < s.K; k++) {
            if (key_of_list(index[first + k], list, s) == key) sum += dscore[first + k];
        }
        dscores[(size_t)t * keys + i] = (Real)sum;
    }
}
// gather]

template <class Real>
const char *spread_gradient(Real *dscores, const float *dscore, const int *index, KeySizes s,
                            cudaStream_t stream) {
    if (const char *refusal = refuse_keys(s)) return refusal;
    LAUNCH(spread_gather_kernel<Real>, s.T, 256, 0, stream, dscores, dscore, index, s);
    return launch_error();
}
