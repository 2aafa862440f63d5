#include "products.cuh"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

// ---- our own product, where cuBLAS is missing. A block of 16 by 16 threads computes a tile of 64
// by 64, each thread 4 by 4 elements in registers.
enum { SIDE = 16, EACH = 4, TILE = SIDE * EACH, DEPTH = 16, THREADS = SIDE * SIDE };

// Element (i, k) of a factor is data[i·row + k·column]; i < rows, k < columns.
struct Factor {
    const float *data;
    int rows, columns;
    size_t row, column;
};
static Factor factor(Matrix m) {
    size_t row = m.transposed ? 1 : (size_t)m.stride, column = m.transposed ? (size_t)m.stride : 1;
    return { m.data, m.rows, m.columns, row, column };
}

// tile[k][i] = element (i0 + i, k0 + k), 0 beyond the edges. Neighbouring threads read neighbouring
// numbers.
static __device__ __forceinline__ void load_tile(float (*tile)[TILE + 1], Factor m, int i0,
                                                 int k0) {
    int thread = (int)(threadIdx.y * SIDE + threadIdx.x);
    for (int n = thread; n < TILE * DEPTH; n += THREADS) {
        int k = m.column == 1 ? n % DEPTH : n / TILE, i = m.column == 1 ? n / DEPTH : n % TILE;
        bool inside = i0 + i < m.rows && k0 + k < m.columns;
        size_t at = (size_t)(i0 + i) * m.row + (size_t)(k0 + k) * m.column;
        tile[k][i] = inside ? m.data[at] : 0.0f;
    }
}

// out (a.rows, b.rows), its rows `stride` apart, = alpha · a · bᵀ (+ out)
static __global__ void product_kernel(float *out, int stride, Factor a, Factor b, float alpha,
                                      bool accumulate) {
    __shared__ float a_tile[DEPTH][TILE + 1], b_tile[DEPTH][TILE + 1];
    int i0 = (int)blockIdx.y * TILE, j0 = (int)blockIdx.x * TILE;
    int y = (int)threadIdx.y, x = (int)threadIdx.x;
    float sums[EACH][EACH] = {};
    for (int k0 = 0; k0 < a.columns; k0 += DEPTH) {
        load_tile(a_tile, a, i0, k0);
        load_tile(b_tile, b, j0, k0);
        __syncthreads();
        for (int k = 0; k < DEPTH; k++) {
            float left[EACH], right[EACH];
            for (int i = 0; i < EACH; i++) {
                left[i] = a_tile[k][y + i * SIDE];
                right[i] = b_tile[k][x + i * SIDE];
            }
            for (int i = 0; i < EACH; i++) {
                for (int j = 0; j < EACH; j++) sums[i][j] += left[i] * right[j];
            }
        }
        __syncthreads();
    }
    for (int i = 0; i < EACH; i++) {
        for (int j = 0; j < EACH; j++) {
            int row = i0 + y + i * SIDE, column = j0 + x + j * SIDE;
            if (row >= a.rows || column >= b.rows) continue;
            float *to = out + (size_t)row * stride + column;
            *to = alpha * sums[i][j] + (accumulate ? *to : 0.0f);
        }
    }
}

static void own_product(const Gpu *gpu, float *out, int stride, Factor left, Factor right,
                        float alpha, bool accumulate) {
    dim3 grid((unsigned)ceil_div(right.rows, TILE), (unsigned)ceil_div(left.rows, TILE));
    LAUNCH(product_kernel, grid, dim3(SIDE, SIDE), 0, gpu->stream, out, stride, left, right, alpha,
           accumulate);
    CHECK(launch_error());
}

// ---- cuBLAS

static void check(cublasStatus_t status, const char *call, const char *file, int line) {
    if (status == CUBLAS_STATUS_SUCCESS) return;
    gpu_check(cublasGetStatusString(status), call, file, line);
}
#define CHECK_CUBLAS(call) check((call), #call, __FILE__, __LINE__)

void products_open(Gpu *gpu) {
    const char *wanted = getenv("SGATLIN_CUBLAS");
    if (wanted != NULL && strcmp(wanted, "0") == 0) return;
    cublasStatus_t status = cublasCreate(&gpu->cublas);
    if (status == CUBLAS_STATUS_NOT_SUPPORTED) { // of gpu/cublas.cpp: there is no library
        gpu->cublas = NULL;
        fprintf(stderr, "warning: cuBLAS was not found; products use kernels of our own, which "
                        "are slower\n");
        return;
    }
    check(status, "cublasCreate", __FILE__, __LINE__);
    CHECK_CUBLAS(cublasSetStream(gpu->cublas, gpu->stream));
}

void products_workspace(const Gpu *gpu, void *workspace, size_t bytes) {
    if (gpu->cublas != NULL) CHECK_CUBLAS(cublasSetWorkspace(gpu->cublas, workspace, bytes));
}

void products_close(Gpu *gpu) {
    if (gpu->cublas != NULL) cublasDestroy(gpu->cublas);
    gpu->cublas = NULL;
}

void product(const Gpu *gpu, float *out, int stride, Matrix a, Matrix b, float alpha,
             bool accumulate) {
    assert(a.columns == b.rows);
    if (gpu->cublas == NULL) {
        own_product(gpu, out, stride, factor(a), factor(transpose(b)), alpha, accumulate);
        return;
    }
    // cuBLAS stores by columns: what it takes for out is our out transposed, bᵀ aᵀ.
    float beta = accumulate ? 1.0f : 0.0f;
    CHECK_CUBLAS(cublasSgemm(gpu->cublas, b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                             a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, b.columns, a.rows, a.columns,
                             &alpha, b.data, b.stride, a.data, a.stride, &beta, out, stride));
}
