// dscores [T,lists,n] from dscore [T,C,K]     oracle: chapters/04_product_keys/product_keys.c,
// product_backward
// The gradient of a selected key goes to both of its sub-keys, and 0 to the rest. One thread per
// list, which writes its zeros and then adds: its own list only, so nothing is atomic.
#pragma once
#include "gpu/04_product_keys/keys.cuh"

// The key of a list that is a part of the selected key.
static __device__ inline int key_of_list(int selected, int list, const KeySizes &s) {
    if (s.parts == 1) return selected;
    return list < s.C ? selected / s.n : selected % s.n;
}

// [scatter
template <class Real>
__global__ void spread_scatter_kernel(Real *dscores, const float *dscore, const int *index,
                                      KeySizes s) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= (size_t)s.T * s.lists()) return;
    int list = (int)(i % s.lists());
    size_t first = (i / s.lists() * s.C + list % s.C) * s.K;
    Real *own = dscores + i * s.n;
    for (int key = 0; key < s.n; key++) own[key] = Real(0.0f);
    for (int k = 0; k < s.K; k++) {
        int key = key_of_list(index[first + k], list, s);
        own[key] = Real((float)own[key] + dscore[first + k]);
    }
}
// scatter]

template <class Real>
const char *spread_scatter(Real *dscores, const float *dscore, const int *index, KeySizes s,
                           cudaStream_t stream) {
    if (const char *refusal = refuse_keys(s)) return refusal;
    LAUNCH(spread_scatter_kernel<Real>, (unsigned)(((size_t)s.T * s.lists() + 127) / 128), 128, 0,
           stream, dscores, dscore, index, s);
    return launch_error();
}
