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
// numbers. ROUNDED: to bf16.
template <bool ROUNDED>
static __device__ __forceinline__ void load_tile(float (*tile)[TILE + 1], Factor m, int i0,
                                                 int k0) {
    int thread = (int)(threadIdx.y * SIDE + threadIdx.x);
    for (int n = thread; n < TILE * DEPTH; n += THREADS) {
        int k = m.column == 1 ? n % DEPTH : n / TILE, i = m.column == 1 ? n / DEPTH : n % TILE;
        bool inside = i0 + i < m.rows && k0 + k < m.columns;
        size_t at = (size_t)(i0 + i) * m.row + (size_t)(k0 + k) * m.column;
        float value = inside ? m.data[at] : 0.0f;
        tile[k][i] = ROUNDED ? __bfloat162float(__float2bfloat16(value)) : value;
    }
}

// out (a.rows, b.rows), its rows `stride` apart, = alpha · a · bᵀ (+ out)
template <bool ROUNDED>
static __global__ void product_kernel(float *out, int stride, Factor a, Factor b, float alpha,
                                      bool accumulate) {
    __shared__ float a_tile[DEPTH][TILE + 1], b_tile[DEPTH][TILE + 1];
    int i0 = (int)blockIdx.y * TILE, j0 = (int)blockIdx.x * TILE;
    int y = (int)threadIdx.y, x = (int)threadIdx.x;
    float sums[EACH][EACH] = {};
    for (int k0 = 0; k0 < a.columns; k0 += DEPTH) {
        load_tile<ROUNDED>(a_tile, a, i0, k0);
        load_tile<ROUNDED>(b_tile, b, j0, k0);
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

template <bool ROUNDED>
static void own_product(const Gpu *gpu, float *out, int stride, Factor left, Factor right,
                        float alpha, bool accumulate) {
    dim3 grid((unsigned)ceil_div(right.rows, TILE), (unsigned)ceil_div(left.rows, TILE));
    LAUNCH(product_kernel<ROUNDED>, grid, dim3(SIDE, SIDE), 0, gpu->stream, out, stride, left,
           right, alpha, accumulate);
    CHECK(launch_error());
}

// ---- operands in bf16, for cuBLAS

static __global__ void round_kernel(__nv_bfloat16 *out, const float *in, size_t count) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) out[i] = __float2bfloat16(in[i]);
}

static void round_floats(const Gpu *gpu, __nv_bfloat16 *out, const float *in, size_t count) {
    LAUNCH(round_kernel, blocks_of(count), BLOCK_THREADS, 0, gpu->stream, out, in, count);
    CHECK(launch_error());
}

void products_round_weights(const Gpu *gpu) {
    const Bf16Operands *bf16 = &gpu->bf16;
    if (bf16->weights != NULL) round_floats(gpu, bf16->weights, bf16->parameters, bf16->floats);
}

// Whole lines of 128 bytes, as tensor cores read aligned numbers fastest.
size_t bf16_operand(size_t count) { return (count + 63) / 64 * 64; }

// What cuBLAS is to read as m. In bf16, a weight has a copy, and what is none is rounded now, into
// operands from *used on.
static const void *operand(const Gpu *gpu, Matrix m, size_t *used) {
    const Bf16Operands *bf16 = &gpu->bf16;
    if (bf16->weights == NULL) return m.data;
    assert(m.stride == (m.transposed ? m.rows : m.columns));
    if (m.data >= bf16->parameters && m.data < bf16->parameters + bf16->floats)
        return bf16->weights + (m.data - bf16->parameters);
    size_t count = (size_t)m.rows * (size_t)m.columns;
    __nv_bfloat16 *out = bf16->operands + *used;
    *used += bf16_operand(count);
    assert(*used <= bf16->capacity);
    round_floats(gpu, out, m.data, count);
    return out;
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
        auto own = gpu->bf16.weights != NULL ? own_product<true> : own_product<false>;
        own(gpu, out, stride, factor(a), factor(transpose(b)), alpha, accumulate);
        return;
    }
    // cuBLAS stores by columns: what it takes for out is our out transposed, bᵀ aᵀ.
    float beta = accumulate ? 1.0f : 0.0f;
    size_t used = 0;
    cudaDataType type = gpu->bf16.weights != NULL ? CUDA_R_16BF : CUDA_R_32F;
    const void *left = operand(gpu, a, &used), *right = operand(gpu, b, &used);
    CHECK_CUBLAS(cublasGemmEx(gpu->cublas, b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                              a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, b.columns, a.rows,
                              a.columns, &alpha, right, type, b.stride, left, type, a.stride, &beta,
                              out, CUDA_R_32F, stride, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
}
