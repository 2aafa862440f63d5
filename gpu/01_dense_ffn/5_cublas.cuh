// y (T,F) = x (T,D) * w (D,F)     oracle: chapters/01_dense_ffn/dense_ffn.c, linear
// NVIDIA's library. It stores matrices by columns: what is y (T,F) by rows is y^T (F,T) to it, and
// y^T = w^T x^T.
#pragma once
#include "gpu/launch.h"
#include <cublas_v2.h>
#include <type_traits>

// [cublas
template <class Real>
const char *product_cublas(Real *y, const Real *x, const Real *w, int T, int D, int F, cudaStream_t,
                           cublasHandle_t cublas) {
    const float one = 1.0f, zero = 0.0f;
    cudaDataType type = std::is_same<Real, float>::value ? CUDA_R_32F : CUDA_R_16BF;
    cublasStatus_t status =
        cublasGemmEx(cublas, CUBLAS_OP_N, CUBLAS_OP_N, F, T, D, &one, w, type, F, x, type, D, &zero,
                     y, type, F, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
    return status == CUBLAS_STATUS_SUCCESS ? launch_error() : cublasGetStatusString(status);
}
// cublas]
