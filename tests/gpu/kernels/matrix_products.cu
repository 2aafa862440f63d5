// cuBLAS: products with and without transposition, of batches, in float, half and bfloat16.
#include "check.h"
#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

static std::vector<float> numbers(size_t n, int seed) {
    std::vector<float> x(n);
    for (size_t i = 0; i < n; i++) x[i] = (float)((int)(i * 7 + seed) % 13 - 6);
    return x;
}

template <class T> static std::vector<T> converted(const std::vector<float> &x) {
    std::vector<T> y(x.size());
    for (size_t i = 0; i < x.size(); i++) y[i] = T(x[i]);
    return y;
}

// c (m,n) of one matrix, by columns: 2 * op(a) op(b) + beta * before
static std::vector<float> expected(const float *a, const float *b, const float *before, int m,
                                   int n, int k, bool ta, bool tb, float beta) {
    std::vector<float> c((size_t)m * n);
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < m; i++) {
            float sum = 0.0f;
            for (int x = 0; x < k; x++) {
                sum += (ta ? a[i * k + x] : a[x * m + i]) * (tb ? b[x * n + j] : b[j * k + x]);
            }
            c[j * m + i] = 2.0f * sum + beta * before[j * m + i];
        }
    }
    return c;
}

template <class T>
static void test_product(cublasHandle_t handle, cudaDataType type, int m, int n, int k, bool ta,
                         bool tb, float beta) {
    std::vector<float> a = numbers((size_t)3 * m * k, 1), b = numbers((size_t)3 * k * n, 5);
    std::vector<float> c = numbers((size_t)3 * m * n, 9);
    Buffer<T> da(converted<T>(a)), db(converted<T>(b));
    Buffer<float> dc(c);
    float alpha = 2.0f;
    cublasStatus_t status =
        cublasGemmStridedBatchedEx(handle, ta ? CUBLAS_OP_T : CUBLAS_OP_N,
                                   tb ? CUBLAS_OP_T : CUBLAS_OP_N, m, n, k, &alpha, da.device, type,
                                   ta ? k : m, (long long)m * k, db.device, type, tb ? n : k,
                                   (long long)k * n, &beta, dc.device, CUDA_R_32F, m,
                                   (long long)m * n, 3, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
    CHECK(status == CUBLAS_STATUS_SUCCESS);
    std::vector<float> result = dc.host();
    for (int i = 0; i < 3; i++) {
        std::vector<float> e = expected(&a[(size_t)i * m * k], &b[(size_t)i * k * n],
                                        &c[(size_t)i * m * n], m, n, k, ta, tb, beta);
        for (size_t j = 0; j < e.size(); j++) CHECK(result[i * e.size() + j] == e[j]);
    }
}

static void test_float(cublasHandle_t handle) {
    int m = 5, n = 3, k = 7;
    std::vector<float> a = numbers(m * k, 2), b = numbers(k * n, 3), before(m * n, 0.0f);
    Buffer<float> da(a), db(b);
    float *dc, alpha = 2.0f, beta = 0.0f;
    std::vector<float> result(m * n);
    OK(cudaMalloc(&dc, m * n * sizeof *dc)); // beta is 0: what C was does not matter
    CHECK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &alpha, da.device, m, db.device, k,
                      &beta, dc, m) == CUBLAS_STATUS_SUCCESS);
    OK(cudaMemcpy(result.data(), dc, m * n * sizeof *dc, cudaMemcpyDeviceToHost));
    CHECK(result == expected(a.data(), b.data(), before.data(), m, n, k, false, false, 0.0f));
    OK(cudaFree(dc));
    CHECK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &alpha, da.device, m - 1,
                      db.device, k, &beta, db.device, m) == CUBLAS_STATUS_INVALID_VALUE);
}

int main() {
    cublasHandle_t handle;
    CHECK(cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS);
    test_float(handle);
    for (int t = 0; t < 4; t++) {
        test_product<float>(handle, CUDA_R_32F, 7, 5, 11, t & 1, t & 2, 0.0f);
        test_product<__half>(handle, CUDA_R_16F, 1, 9, 4, t & 1, t & 2, 1.0f);
        test_product<__nv_bfloat16>(handle, CUDA_R_16BF, 6, 1, 3, t & 1, t & 2, -3.0f);
    }
    CHECK(cublasDestroy(handle) == CUBLAS_STATUS_SUCCESS);
    puts("ok");
}
