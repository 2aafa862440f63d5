// fault: cuBLAS: uninitialised read of matrix B
#include "../check.h"
#include <cublas_v2.h>

int main(int count, char **arguments) {
    cublasHandle_t handle;
    cublasCreate(&handle);
    Buffer<float> a(6, 1.0f), c(4, 0.0f);
    float *b, alpha = 1.0f, beta = 0.0f;
    OK(cudaMalloc(&b, 6 * sizeof *b));
    OK(cudaMemset(b, 0, (planted(count, arguments) ? 5 : 6) * sizeof *b));
    cublasStatus_t status =
        cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 3, &alpha, a.device, 2, b, 3, // planted
                    &beta, c.device, 2);
    CHECK((status == CUBLAS_STATUS_SUCCESS) != planted(count, arguments));
}
