#include "products.cuh"
#include <assert.h>

// cuBLAS stores by columns: what it takes for out is our out transposed, bᵀ aᵀ.
void product(const Gpu *gpu, float *out, int stride, Matrix a, Matrix b, float alpha,
             bool accumulate) {
    assert(a.columns == b.rows);
    float beta = accumulate ? 1.0f : 0.0f;
    CHECK(cublasSgemm(gpu->cublas, b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                      a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, b.columns, a.rows, a.columns,
                      &alpha, b.data, b.stride, a.data, a.stride, &beta, out, stride));
}
