// preactivation (T,F) = x (T,D) * up (D,F),  hidden (T,F) = gelu(preactivation)
// oracle: the first half of chapters/01_dense_ffn/dense_ffn.c, mlp_forward
// gelu in a kernel of its own, which has to read the product back; then in the product's epilogue,
// where each element is still in a register.
#pragma once
#include "gpu/01_dense_ffn/3_registers.cuh"
#include "gpu/01_dense_ffn/4_tensor_cores.cuh"

__device__ static inline float gelu_of(float x) {
    return 0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
}

// [separate
template <class Real>
__global__ void gelu_kernel(Real *hidden, const Real *preactivation, size_t n) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) hidden[i] = (Real)gelu_of((float)preactivation[i]);
}
// separate]

// [fused
template <class Real> struct StoreWithGelu {
    Real *preactivation, *hidden; // (T,F): backward needs both
    __device__ void operator()(size_t i, float value) const {
        preactivation[i] = (Real)value;
        hidden[i] = (Real)gelu_of(value);
    }
};
// fused]

template <class Real>
const char *hidden_separate(Real *preactivation, Real *hidden, const Real *x, const Real *up, int T,
                            int D, int F, cudaStream_t stream) {
    const char *refusal = launch_registers(Store<Real>{ preactivation }, x, up, T, D, F, stream);
    if (refusal) return refusal;
    size_t n = (size_t)T * F;
    LAUNCH(gelu_kernel<Real>, (unsigned)((n + 255) / 256), 256, 0, stream, hidden, preactivation,
           n);
    return launch_error();
}

template <class Real>
const char *hidden_fused(Real *preactivation, Real *hidden, const Real *x, const Real *up, int T,
                         int D, int F, cudaStream_t stream) {
    StoreWithGelu<Real> finish = { preactivation, hidden };
    return launch_registers(finish, x, up, T, D, F, stream);
}

template <class Real>
const char *hidden_fused_tensor_cores(Real *preactivation, Real *hidden, const Real *x,
                                      const Real *up, int T, int D, int F, cudaStream_t stream) {
    StoreWithGelu<Real> finish = { preactivation, hidden };
    return launch_tensor_cores(finish, x, up, T, D, F, stream);
}
