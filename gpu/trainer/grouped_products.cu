#include "grouped_products.cuh"

// A block computes a tile of 32 by 32; each of its threads four rows of one column.
enum { TILE = 32, TILE_ROWS = 8, PER_THREAD = TILE / TILE_ROWS };

// sums[i] += x_tile row · w_tile column, for the thread's four elements
static __device__ __forceinline__ void add_tiles(float sums[PER_THREAD],
                                                 const float (*x_tile)[TILE + 1],
                                                 const float (*w_tile)[TILE + 1]) {
    int row = (int)threadIdx.y, column = (int)threadIdx.x;
    for (int k = 0; k < TILE; k++) {
        float w = w_tile[k][column];
        for (int i = 0; i < PER_THREAD; i++) sums[i] += x_tile[row + i * TILE_ROWS][k] * w;
    }
}

// The i-th tile of rows, counting through the experts. false: there are fewer.
static __device__ bool find_tile(int *expert, int *row, const int *first, int E, int i) {
    for (int e = 0; e < E; e++) {
        int tiles = (first[e + 1] - first[e] + TILE - 1) / TILE;
        if (i < tiles) {
            *expert = e;
            *row = first[e] + i * TILE;
            return true;
        }
        i -= tiles;
    }
    return false;
}

template <bool TRANSPOSED>
static __global__ void grouped_product_kernel(float *out, const float *x, const float *w,
                                              const int *first, int E, int inner, int columns) {
    __shared__ float x_tile[TILE][TILE + 1], w_tile[TILE][TILE + 1];
    int expert, row;
    if (!find_tile(&expert, &row, first, E, (int)blockIdx.x)) return; // the whole block
    int last = first[expert + 1], column = (int)blockIdx.y * TILE;
    int y = (int)threadIdx.y, lane = (int)threadIdx.x;
    const float *own = w + (size_t)expert * inner * columns;
    float sums[PER_THREAD] = {};
    for (int k0 = 0; k0 < inner; k0 += TILE) {
        for (int i = y; i < TILE; i += TILE_ROWS) {
            int r = row + i, k = k0 + lane;
            x_tile[i][lane] = r < last && k < inner ? x[(size_t)r * inner + k] : 0.0f;
            if (TRANSPOSED) {
                int c = column + i;
                w_tile[lane][i] = c < columns && k < inner ? own[(size_t)c * inner + k] : 0.0f;
            } else {
                int c = column + lane;
                w_tile[i][lane] =
                    c < columns && k0 + i < inner ? own[(size_t)(k0 + i) * columns + c] : 0.0f;
            }
        }
        __syncthreads();
        add_tiles(sums, x_tile, w_tile);
        __syncthreads();
    }
    for (int i = 0; i < PER_THREAD; i++) {
        int r = row + y + i * TILE_ROWS, c = column + lane;
        if (r < last && c < columns) out[(size_t)r * columns + c] = sums[i];
    }
}

void grouped_product(const Gpu *gpu, float *out, const float *x, const float *w, const int *first,
                     int E, size_t R, int inner, int columns, bool transposed) {
    dim3 block(TILE, TILE_ROWS);
    dim3 grid((unsigned)(R / TILE) + (unsigned)E, (unsigned)ceil_div(columns, TILE));
    if (transposed) {
        LAUNCH((grouped_product_kernel<true>), grid, block, 0, gpu->stream, out, x, w, first, E,
               inner, columns);
    } else {
        LAUNCH((grouped_product_kernel<false>), grid, block, 0, gpu->stream, out, x, w, first, E,
               inner, columns);
    }
    CHECK(launch_error());
}

static __global__ void grouped_gradient_kernel(float *dw, const float *x, const float *dy,
                                               const int *first, int rows, int columns) {
    __shared__ float x_tile[TILE][TILE + 1], dy_tile[TILE][TILE + 1];
    int expert = (int)blockIdx.z, row = (int)blockIdx.x * TILE, column = (int)blockIdx.y * TILE;
    int y = (int)threadIdx.y, lane = (int)threadIdx.x, last = first[expert + 1];
    float sums[PER_THREAD] = {};
    for (int r0 = first[expert]; r0 < last; r0 += TILE) {
        for (int i = y; i < TILE; i += TILE_ROWS) {
            size_t r = (size_t)(r0 + i);
            bool valid = r0 + i < last;
            x_tile[lane][i] = valid && row + lane < rows ? x[r * rows + row + lane] : 0.0f;
            dy_tile[i][lane] =
                valid && column + lane < columns ? dy[r * columns + column + lane] : 0.0f;
        }
        __syncthreads();
        add_tiles(sums, x_tile, dy_tile);
        __syncthreads();
    }
    for (int i = 0; i < PER_THREAD; i++) {
        int r = row + y + i * TILE_ROWS, c = column + lane;
        if (r < rows && c < columns) dw[((size_t)expert * rows + r) * columns + c] = sums[i];
    }
}

void grouped_weight_gradient(const Gpu *gpu, float *dw, const float *x, const float *dy,
                             const int *first, int E, int rows, int columns) {
    dim3 block(TILE, TILE_ROWS);
    dim3 grid((unsigned)ceil_div(rows, TILE), (unsigned)ceil_div(columns, TILE), (unsigned)E);
    LAUNCH(grouped_gradient_kernel, grid, block, 0, gpu->stream, dw, x, dy, first, rows, columns);
    CHECK(launch_error());
}

// A block owns 32 columns of one expert; its warps' sums are added in order.
static __global__ void grouped_sums_kernel(float *sums, const float *rows, const int *first,
                                           int columns) {
    __shared__ float parts[TILE_ROWS][TILE];
    int expert = (int)blockIdx.y, c = (int)(blockIdx.x * TILE + threadIdx.x);
    float sum = 0.0f;
    for (int r = first[expert] + (int)threadIdx.y; c < columns && r < first[expert + 1];
         r += TILE_ROWS)
        sum += rows[(size_t)r * columns + c];
    parts[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y > 0 || c >= columns) return;
    for (int i = 1; i < TILE_ROWS; i++) sum += parts[i][threadIdx.x];
    sums[(size_t)expert * columns + c] = sum;
}

void grouped_column_sums(const Gpu *gpu, float *sums, const float *rows, const int *first, int E,
                         int columns) {
    LAUNCH(grouped_sums_kernel, dim3((unsigned)ceil_div(columns, TILE), (unsigned)E),
           dim3(TILE, TILE_ROWS), 0, gpu->stream, sums, rows, first, columns);
    CHECK(launch_error());
}
