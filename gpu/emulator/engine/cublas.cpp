#include "../cublas_v2.h"
#include "fault.h"
#include "graph.h"
#include "memory.h"
#include "runtime.h"

using namespace emulator;

struct EmulatorCublas {
    cudaStream_t stream;
};

cublasStatus_t cublasCreate(cublasHandle_t *handle) {
    *handle = new EmulatorCublas{};
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy(cublasHandle_t handle) {
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
    handle->stream = stream;
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetWorkspace(cublasHandle_t, void *workspace, size_t bytes) {
    bool good = may_be_device_memory(workspace) && can_copy(workspace, bytes) &&
                (uintptr_t)workspace % 256 == 0;
    return good ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}
cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) { return CUBLAS_STATUS_SUCCESS; }

const char *cublasGetStatusString(cublasStatus_t status) {
    switch (status) {
    case CUBLAS_STATUS_SUCCESS: return "the operation completed successfully";
    case CUBLAS_STATUS_INVALID_VALUE: return "an unsupported value was passed";
    case CUBLAS_STATUS_EXECUTION_FAILED: return "the GPU program failed to execute";
    case CUBLAS_STATUS_NOT_SUPPORTED: return "the functionality is not supported";
    }
    return "unknown";
}

namespace {

// Matrices of a batch: rows and columns as stored, `leading` numbers from one column to the
// next, `stride` from one matrix to the next.
struct Matrices {
    const char *name;
    void *data;
    cudaDataType type;
    int rows, columns, leading;
    long long stride;
    bool transposed;
};

size_t bytes_of(cudaDataType type) { return type == CUDA_R_32F ? sizeof(float) : 2; }

// Element (row, column) of op(matrix).
size_t place(const Matrices &m, int batch, int row, int column) {
    size_t first = (size_t)batch * (size_t)m.stride;
    return m.transposed ? first + (size_t)row * (size_t)m.leading + (size_t)column
                        : first + (size_t)column * (size_t)m.leading + (size_t)row;
}

float get(const Matrices &m, size_t at) {
    switch (m.type) {
    case CUDA_R_32F: return static_cast<const float *>(m.data)[at];
    case CUDA_R_16F: return static_cast<const __half *>(m.data)[at];
    case CUDA_R_16BF: return static_cast<const __nv_bfloat16 *>(m.data)[at];
    }
    return NAN;
}

void set(const Matrices &m, size_t at, float value) {
    switch (m.type) {
    case CUDA_R_32F: static_cast<float *>(m.data)[at] = value; break;
    case CUDA_R_16F: static_cast<__half *>(m.data)[at] = value; break;
    case CUDA_R_16BF: static_cast<__nv_bfloat16 *>(m.data)[at] = value; break;
    }
}

// Whether the matrices lie in device memory; a fault if not.
bool usable(const Matrices &m, int batch, const void *caller) {
    size_t last = place(m, batch - 1, 0, 0) + (size_t)(m.columns - 1) * (size_t)m.leading +
                  (size_t)(m.rows - 1);
    size_t bytes = (last + 1) * bytes_of(m.type);
    if (may_be_device_memory(m.data) && can_copy(m.data, bytes)) return true;
    fault(format("cuBLAS: matrix %s is not in device memory", m.name), caller,
          format("  %zu bytes are used at %p\n", bytes, m.data));
    return false;
}

// Also checks that every number was written.
bool initialised(const Matrices &m, int batch, const void *caller) {
    for (int b = 0; b < batch; b++) {
        for (int column = 0; column < m.columns; column++) {
            size_t at = (size_t)b * (size_t)m.stride + (size_t)column * (size_t)m.leading;
            const char *first = static_cast<const char *>(m.data) + at * bytes_of(m.type);
            if (is_written(first, (size_t)m.rows * bytes_of(m.type))) continue;
            fault(format("cuBLAS: uninitialised read of matrix %s", m.name), caller,
                  format("  in column %d of matrix %d of the batch\n", column, b));
            return false;
        }
    }
    return true;
}

void multiply(const Matrices &a, const Matrices &b, const Matrices &c, int k, float alpha,
              float beta, int batch) {
#pragma omp parallel for collapse(2)
    for (int matrix = 0; matrix < batch; matrix++) {
        for (int column = 0; column < c.columns; column++) {
            for (int row = 0; row < c.rows; row++) {
                float sum = 0.0f;
                for (int i = 0; i < k; i++) {
                    sum += get(a, place(a, matrix, row, i)) * get(b, place(b, matrix, i, column));
                }
                size_t at = place(c, matrix, row, column);
                set(c, at, alpha * sum + (beta == 0.0f ? 0.0f : beta * get(c, at)));
            }
        }
    }
    for (int matrix = 0; matrix < batch; matrix++) {
        for (int column = 0; column < c.columns; column++) {
            char *first = static_cast<char *>(c.data);
            first += place(c, matrix, 0, column) * bytes_of(c.type);
            set_written(first, (size_t)c.rows * bytes_of(c.type));
        }
    }
}

bool valid(const Matrices &m) { return m.rows > 0 && m.columns > 0 && m.leading >= m.rows; }

cublasStatus_t product(cublasHandle_t handle, Matrices a, Matrices b, Matrices c, int k,
                       float alpha, float beta, int batch, const void *caller) {
    if (c.rows == 0 || c.columns == 0 || batch == 0) return CUBLAS_STATUS_SUCCESS;
    if (!valid(a) || !valid(b) || !valid(c) || batch < 0) return CUBLAS_STATUS_INVALID_VALUE;
    auto work = [=] {
        bool good = usable(a, batch, caller) && usable(b, batch, caller) &&
                    usable(c, batch, caller) && initialised(a, batch, caller) &&
                    initialised(b, batch, caller) &&
                    (beta == 0.0f || initialised(c, batch, caller));
        if (good && result(cudaSuccess) == cudaSuccess) multiply(a, b, c, k, alpha, beta, batch);
        return good ? result(cudaSuccess) : cudaErrorLaunchFailure;
    };
    return submit(handle->stream, work) == cudaSuccess ? CUBLAS_STATUS_SUCCESS
                                                       : CUBLAS_STATUS_EXECUTION_FAILED;
}

Matrices matrices(const char *name, const void *data, cudaDataType type, int rows, int columns,
                  int leading, long long stride, cublasOperation_t operation) {
    bool transposed = operation == CUBLAS_OP_T;
    return { name,
             const_cast<void *>(data),
             type,
             transposed ? columns : rows,
             transposed ? rows : columns,
             leading,
             stride,
             transposed };
}

} // namespace

#define CALLER __builtin_return_address(0)
#define MATRICES(type_a, type_b, type_c, stride_a, stride_b, stride_c) \
    matrices("A", A, type_a, m, k, lda, stride_a, op_a),               \
        matrices("B", B, type_b, k, n, ldb, stride_b, op_b),           \
        matrices("C", C, type_c, m, n, ldc, stride_c, CUBLAS_OP_N)

cublasStatus_t cublasSgemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                           int m, int n, int k, const float *alpha, const float *A, int lda,
                           const float *B, int ldb, const float *beta, float *C, int ldc) {
    return product(handle, MATRICES(CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, 0, 0, 0), k, *alpha, *beta,
                   1, CALLER);
}

cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t handle, cublasOperation_t op_a,
                                         cublasOperation_t op_b, int m, int n, int k,
                                         const float *alpha, const float *A, int lda,
                                         long long stride_a, const float *B, int ldb,
                                         long long stride_b, const float *beta, float *C, int ldc,
                                         long long stride_c, int batch) {
    return product(handle,
                   MATRICES(CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, stride_a, stride_b, stride_c), k,
                   *alpha, *beta, batch, CALLER);
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                            int m, int n, int k, const void *alpha, const void *A,
                            cudaDataType type_a, int lda, const void *B, cudaDataType type_b,
                            int ldb, const void *beta, void *C, cudaDataType type_c, int ldc,
                            cublasComputeType_t, cublasGemmAlgo_t) {
    return product(handle, MATRICES(type_a, type_b, type_c, 0, 0, 0), k,
                   *static_cast<const float *>(alpha), *static_cast<const float *>(beta), 1,
                   CALLER);
}

cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t handle, cublasOperation_t op_a,
                                          cublasOperation_t op_b, int m, int n, int k,
                                          const void *alpha, const void *A, cudaDataType type_a,
                                          int lda, long long stride_a, const void *B,
                                          cudaDataType type_b, int ldb, long long stride_b,
                                          const void *beta, void *C, cudaDataType type_c, int ldc,
                                          long long stride_c, int batch, cublasComputeType_t,
                                          cublasGemmAlgo_t) {
    return product(handle, MATRICES(type_a, type_b, type_c, stride_a, stride_b, stride_c), k,
                   *static_cast<const float *>(alpha), *static_cast<const float *>(beta), batch,
                   CALLER);
}
