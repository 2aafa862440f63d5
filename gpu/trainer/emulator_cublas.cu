#include "cublas.cuh"

const Cublas *cublas_find() {
    static const Cublas linked = { cublasCreate, cublasDestroy, cublasSetStream, cublasSgemm,
                                   cublasGetStatusString };
    return &linked;
}
