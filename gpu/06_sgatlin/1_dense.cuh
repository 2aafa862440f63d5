// y = Σ_c Σ_k act(score[c,k] · (in[c,index[c,k]] · x)) · out[c,index[c,k]]
// oracle: chapters/06_sgatlin/sgatlin.c, sgatlin_experts
// All neurons as two products, with a mask between them: everything that was not selected is
// computed too, and set to zero.
#pragma once
#include "gpu/06_sgatlin/neurons.cuh"
#include <cublas_v2.h>
#include <type_traits>

// hidden [T,C,F] from sums [T,C,F] = in · x of all neurons; z [T,C,K] of the selected ones.
// [mask
template <class Real>
__global__ void mask_kernel(Real *hidden, float *z, const float *sums, const int *index,
                            const float *score, NeuronActivation activation, NeuronSizes s) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= (size_t)s.T * s.C * s.F) return;
    size_t channel = i / s.F; // t·C + c
    int f = (int)(i % s.F);
    float weight = 0.0f;
    for (size_t e = channel * s.K; e < (channel + 1) * s.K; e++) {
        if (index[e] != f) continue;
        z[e] = sums[i];
        weight += activate(activation, score[e] * sums[i]);
    }
    hidden[i] = (Real)weight;
}
// mask]

// sums [T,C,F] and hidden [T,C,F] are scratch. The tables are [C,F,D]: rows of C·F neurons.
template <class Real>
const char *sgatlin_dense(Real *y, float *z, float *sums, Real *hidden, const Real *x,
                          const int *index, const float *score, const Real *in, const Real *out,
                          NeuronActivation activation, NeuronSizes s, cudaStream_t stream,
                          cublasHandle_t cublas) {
    if (const char *refusal = refuse_neurons(s)) return refusal;
    size_t n = (size_t)s.T * s.C * s.F;
    if (n > INT_MAX) return "T * C * F is more than 2^31 - 1: pass fewer tokens";
    const float one = 1.0f, zero = 0.0f;
    cudaDataType type = std::is_same<Real, float>::value ? CUDA_R_32F : CUDA_R_16BF;
    int neurons = s.C * s.F;
    // by columns, as in lesson 01: sumsᵀ = in xᵀ
    cublasStatus_t status = cublasGemmEx(cublas, CUBLAS_OP_T, CUBLAS_OP_N, neurons, s.T, s.D, &one,
                                         in, type, s.D, x, type, s.D, &zero, sums, CUDA_R_32F,
                                         neurons, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
    if (status != CUBLAS_STATUS_SUCCESS) return cublasGetStatusString(status);
    LAUNCH(mask_kernel<Real>, (unsigned)((n + 255) / 256), 256, 0, stream, hidden, z, sums, index,
           score, activation, s);
    if (const char *error = launch_error()) return error;
    // yᵀ = outᵀ hiddenᵀ
    status = cublasGemmEx(cublas, CUBLAS_OP_N, CUBLAS_OP_N, s.D, s.T, neurons, &one, out, type, s.D,
                          hidden, type, neurons, &zero, y, type, s.D, CUBLAS_COMPUTE_32F,
                          CUBLAS_GEMM_DEFAULT);
    return status == CUBLAS_STATUS_SUCCESS ? launch_error() : cublasGetStatusString(status);
}
