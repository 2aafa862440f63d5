// The functions of cuBLAS that these programs call. Linked in place of -lcublas: each passes its
// arguments to the library, which is loaded by the first call, so that programs also start where
// only a driver is installed. There they return CUBLAS_STATUS_NOT_SUPPORTED, which cublasCreate
// itself never does. The library is the version whose header this was compiled with.
#include <cstdio>
#include <cublas_v2.h>
#include <dlfcn.h>

// Null: it is not here.
static void *library() {
    static void *const loaded = [] {
        char name[32];
        snprintf(name, sizeof name, "libcublas.so.%d", CUBLAS_VER_MAJOR);
        return dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }();
    return loaded;
}

struct Function {
    void *address;
    explicit Function(const char *name) : address(library() ? dlsym(library(), name) : nullptr) {}
    template <class... Arguments> cublasStatus_t operator()(Arguments... arguments) const {
        if (!address) return CUBLAS_STATUS_NOT_SUPPORTED;
        return reinterpret_cast<cublasStatus_t (*)(Arguments...)>(address)(arguments...);
    }
};

// The header renames some functions: cublasCreate is cublasCreate_v2.
#define QUOTE(name)    #name
#define FUNCTION(name) static const Function function(QUOTE(name))

cublasStatus_t cublasCreate(cublasHandle_t *handle) {
    FUNCTION(cublasCreate);
    return function(handle);
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
    FUNCTION(cublasDestroy);
    return function(handle);
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
    FUNCTION(cublasSetStream);
    return function(handle, stream);
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void *workspace, size_t bytes) {
    FUNCTION(cublasSetWorkspace);
    return function(handle, workspace, bytes);
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                            int m, int n, int k, const void *alpha, const void *A,
                            cudaDataType type_a, int lda, const void *B, cudaDataType type_b,
                            int ldb, const void *beta, void *C, cudaDataType type_c, int ldc,
                            cublasComputeType_t compute, cublasGemmAlgo_t algorithm) {
    FUNCTION(cublasGemmEx);
    return function(handle, op_a, op_b, m, n, k, alpha, A, type_a, lda, B, type_b, ldb, beta, C,
                    type_c, ldc, compute, algorithm);
}

const char *cublasGetStatusString(cublasStatus_t status) {
    if (!library()) return "cuBLAS is not here";
    auto find = reinterpret_cast<const char *(*)(cublasStatus_t)>(
        dlsym(library(), "cublasGetStatusString"));
    return find ? find(status) : "an error of cuBLAS";
}
