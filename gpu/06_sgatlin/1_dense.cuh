// y = Σ_c Σ_k act(score[c,k] · (in[c,index[c,k]] · x)) · out[c,index[c,k]]
// oracle: chapters/06_sgatlin/sgatlin.c, sgatlin_experts
// All neurons as two products, with a mask between them: everything that was not selected is
// computed too, and set to zero.
#pragma once
#include "gpu/06_sgatlin/neurons.cuh"
#include <cublas_v2.h>
#include <type_traits>

// hidden [T,C,F] from sums [T,C,F] = in · x of all neurons; z [T,C,K] of the selected ones. One
// block per token.
// [mask
template <class Real>
__global__ void mask_kernel(Real *hidden, float *z, const float *sums, const int *index,
                            const float *score, NeuronActivation activation, NeuronSizes s) {
    size_t first = (size_t)blockIdx.x * s.slots(), row = (size_t)blockIdx.x * s.C * s.F;
    for (int i = (int)threadIdx.x; i < s.C * s.F; i += (int)blockDim.x) {
        int c = i / s.F, f = i % s.F;
        float weight = 0.0f;
        for (size_t e = first + c * s.K; e < first + (c + 1) * s.K; e++) {
            if (index[e] != f) continue;
            z[e] = sums[row + i];
            weight += activate(activation, score[e] * sums[row + i]);
        }
        hidden[row + i] = (Real)weight;
    }
}
// mask]

// sums [T,C,F] and hidden [T,C,F] are scratch. The tables are [C,F,D]: rows of C·F neurons.
template <class Real>
const char *sgatlin_dense(Real *y, float *z, float *sums, Real *hidden, const Real *x,
                          const int *index, const float *score, const Real *in, const Real *out,
                          NeuronActivation activation, NeuronSizes s, cudaStream_t stream,
                          cublasHandle_t cublas) {
    if (const char *refusal = refuse_neurons(s)) return refusal;
    const float one = 1.0f, zero = 0.0f;
    cudaDataType type = std::is_same<Real, float>::value ? CUDA_R_32F : CUDA_R_16BF;
    int neurons = s.C * s.F;
    // by columns, as in lesson 01: sumsᵀ = in xᵀ
    cublasStatus_t status = cublasGemmEx(cublas, CUBLAS_OP_T, CUBLAS_OP_N, neurons, s.T, s.D, &one,
                                         in, type, s.D, x, type, s.D, &zero, sums, CUDA_R_32F,
                                         neurons, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
    if (status != CUBLAS_STATUS_SUCCESS) return cublasGetStatusString(status);
    LAUNCH(mask_kernel<Real>, s.T, 256, 0, stream, hidden, z, sums, index, score, activation, s);
    if (const char *error = launch_error()) return error;
    // yᵀ = outᵀ hiddenᵀ
    status = cublasGemmEx(cublas, CUBLAS_OP_N, CUBLAS_OP_N, s.D, s.T, neurons, &one, out, type, s.D,
                          hidden, type, neurons, &zero, y, type, s.D, CUBLAS_COMPUTE_32F,
                          CUBLAS_GEMM_DEFAULT);
    return status == CUBLAS_STATUS_SUCCESS ? launch_error() : cublasGetStatusString(status);
}
