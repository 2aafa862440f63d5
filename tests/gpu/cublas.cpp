// For test_nvcc.sh: what gpu/cublas.cpp says of the library when its functions are called.
#include <cstdio>
#include <cublas_v2.h>

int main() {
    cublasHandle_t handle = nullptr;
    cublasStatus_t status = cublasCreate(&handle);
    printf("%s\n", status == CUBLAS_STATUS_NOT_SUPPORTED ? "missing" : "found");
    printf("%s\n", cublasGetStatusString(status));
    return cublasSetStream(nullptr, nullptr) == CUBLAS_STATUS_SUCCESS; // there is no handle
}
