// Sums over all rows of a table, column by column, as biases and scales need for their gradients.
// No atomics: a block adds the rows of one part, then the parts are added in order, so the bits are
// the same in every run.
#pragma once
#include "gpu/launch.h"
#include <stddef.h>

enum { COLUMN_WARPS = 8, MAX_PARTS = 256, MIN_PART_ROWS = 64 };

// How many parts N rows are cut into; scratch has parts·D floats.
static inline int column_parts(int N) {
    int parts = (N + MIN_PART_ROWS - 1) / MIN_PART_ROWS;
    return parts < MAX_PARTS ? parts : MAX_PARTS;
}
static inline size_t column_sums_scratch(int D) { return (size_t)MAX_PARTS * (size_t)D; }

// The plain table [N,D]. Other terms compute what is added from several arrays.
struct TableTerm {
    const float *table;
    int D;
    __device__ float operator()(int row, int d) const { return table[(size_t)row * D + d]; }
};

// partial [parts,D]; one block of 32 columns and COLUMN_WARPS rows at a time.
template <class Term>
static __global__ void column_parts_kernel(float *partial, Term term, int N, int D, int part_rows) {
    __shared__ float sums[COLUMN_WARPS][32];
    int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    int d = (int)blockIdx.x * 32 + lane, first = (int)blockIdx.y * part_rows;
    int last = first + part_rows < N ? first + part_rows : N;
    float sum = 0.0f;
    for (int row = first + warp; d < D && row < last; row += COLUMN_WARPS) sum += term(row, d);
    sums[warp][lane] = sum;
    __syncthreads();
    if (warp > 0 || d >= D) return;
    for (int i = 1; i < COLUMN_WARPS; i++) sum += sums[i][lane];
    partial[(size_t)blockIdx.y * D + d] = sum;
}

// out [D] = Σ partial [parts,D]
template <class Term>
static __global__ void column_total_kernel(float *out, const float *partial, int parts, int D) {
    int d = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (d >= D) return;
    float sum = 0.0f;
    for (int i = 0; i < parts; i++) sum += partial[(size_t)i * D + d];
    out[d] = sum;
}

// out [D] = Σ over N >= 1 rows of term(row, d); partial has column_sums_scratch floats.
template <class Term>
static inline const char *column_sums(float *out, Term term, int N, int D, float *partial,
                                      cudaStream_t stream) {
    int parts = column_parts(N), part_rows = (N + parts - 1) / parts;
    dim3 grid((unsigned)(D + 31) / 32, (unsigned)parts);
    LAUNCH((column_parts_kernel<Term>), grid, 32 * COLUMN_WARPS, 0, stream, partial, term, N, D,
           part_rows);
    LAUNCH((column_total_kernel<Term>), (D + 127) / 128, 128, 0, stream, out, partial, parts, D);
    return launch_error();
}
