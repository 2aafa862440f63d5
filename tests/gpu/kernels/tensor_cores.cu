// wmma: products of bfloat16 and half matrices with the tensor cores' interface.
#include "check.h"
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>
using namespace nvcuda;

// c (M,N) = a (M,K) * b (K,N), all row-major, or b column-major. One warp has one 16 x 16 tile.
template <class T, class LayoutB>
__global__ void product(float *c, const T *a, const T *b, int N, int K) {
    wmma::fragment<wmma::matrix_a, 16, 16, 16, T, wmma::row_major> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, T, LayoutB> fb;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> fc;
    wmma::fill_fragment(fc, 0.0f);
    int row = blockIdx.y * 16, column = (blockIdx.x * blockDim.y + threadIdx.y) * 16;
    constexpr bool rows = std::is_same<LayoutB, wmma::row_major>::value;
    for (int k = 0; k < K; k += 16) {
        wmma::load_matrix_sync(fa, a + row * K + k, K);
        wmma::load_matrix_sync(fb, rows ? b + k * N + column : b + column * K + k, rows ? N : K);
        wmma::mma_sync(fc, fa, fb, fc);
    }
    for (int e = 0; e < fc.num_elements; e++) fc.x[e] *= 2.0f;
    wmma::store_matrix_sync(c + row * N + column, fc, N, wmma::mem_row_major);
}

template <class T, class LayoutB> static void test_product(int M, int N, int K, bool rows) {
    std::vector<T> a(M * K), b(K * N);
    std::vector<float> expected(M * N);
    for (int i = 0; i < M * K; i++) a[i] = T((float)(i * 7 % 13 - 6));
    for (int i = 0; i < K * N; i++) b[i] = T((float)(i * 5 % 11 - 5));
    for (int i = 0; i < M * N; i++) {
        for (int k = 0; k < K; k++) {
            float right = (float)(rows ? b[k * N + i % N] : b[i % N * K + k]);
            expected[i] += 2 * (float)a[i / N * K + k] * right;
        }
    }
    Buffer<T> da(a), db(b);
    Buffer<float> c(M * N, -1.0f);
    product<T, LayoutB>
        <<<dim3(N / 32, M / 16), dim3(32, 2)>>>(c.device, da.device, db.device, N, K);
    std::vector<float> result = c.host();
    for (int i = 0; i < M * N; i++) CHECK(result[i] == expected[i]); // small integers: exact
}

int main() {
    test_product<__nv_bfloat16, wmma::row_major>(16, 32, 16, true);
    test_product<__nv_bfloat16, wmma::col_major>(48, 64, 80, false);
    test_product<__half, wmma::col_major>(32, 32, 32, false);
    puts("ok");
}
