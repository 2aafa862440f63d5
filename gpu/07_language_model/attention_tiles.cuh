// What the tiled kernels share. A block owns OWN rows of one head, ROWS for each of its warps, and
// walks over all rows that they see or that see them, a tile of 32 at a time: lane j of a warp
// computes what lies between an own row and row j of the tile, then lane d sums column d over the
// tile. Both are products of small matrices in shared memory.
#pragma once
#include "attention.cuh"

enum {
    TILE = 32,
    ROWS = 4,
    TILE_WARPS = 4,
    OWN = ROWS * TILE_WARPS,
    TILE_THREADS = 32 * TILE_WARPS
};
enum { MAX_HEAD = 128 }; // Dh: a lane has up to four columns

// Rows of a tile lie Dh+1 floats apart: 32 lanes that each read column d of their own row then use
// 32 banks.
static __device__ __forceinline__ int tile_stride(AttentionShape s) { return s.Dh + 1; }

// rows first .. first+count-1 of a head, `stride` floats apart in `to`; 0 beyond T.
static __device__ __forceinline__ void load_rows(float *to, int stride, const float *from,
                                                 AttentionShape s, int b, int h, int first,
                                                 int count) {
    for (int i = (int)threadIdx.x; i < count * s.Dh; i += TILE_THREADS) {
        int r = i / s.Dh, d = i % s.Dh;
        to[r * stride + d] = first + r < s.T ? from[head_row(s, b, h, first + r) + d] : 0.0f;
    }
}

// products[r] = own row r of the warp · row `lane` of the tile
// [products
static __device__ __forceinline__ void row_products(float products[ROWS], const float *own,
                                                    const float *tile, AttentionShape s) {
    int lane = (int)threadIdx.x % 32, stride = tile_stride(s);
    for (int r = 0; r < ROWS; r++) products[r] = 0.0f;
    for (int d = 0; d < s.Dh; d++) {
        float x = tile[lane * stride + d];
        for (int r = 0; r < ROWS; r++) products[r] += own[r * s.Dh + d] * x;
    }
}
// products]

// sums[r][i] += Σ_j weights[r][j] · tile[j][lane + 32 i]
template <int COLUMNS>
static __device__ __forceinline__ void add_tile(float sums[ROWS][COLUMNS],
                                                const float (*weights)[TILE], const float *tile,
                                                AttentionShape s) {
    int lane = (int)threadIdx.x % 32, stride = tile_stride(s);
    for (int j = 0; j < TILE; j++) {
        for (int i = 0; i < COLUMNS; i++) {
            int d = lane + 32 * i;
            float x = d < s.Dh ? tile[j * stride + d] : 0.0f;
            for (int r = 0; r < ROWS; r++) sums[r][i] += weights[r][j] * x;
        }
    }
}

// Writes the warp's rows, from `row` on, each times factor[r].
template <int COLUMNS>
static __device__ __forceinline__ void store_rows(float *out, const float sums[ROWS][COLUMNS],
                                                  const float factor[ROWS], AttentionShape s, int b,
                                                  int h, int row) {
    int lane = (int)threadIdx.x % 32;
    for (int r = 0; r < ROWS && row + r < s.T; r++) {
        for (int i = 0; i < COLUMNS; i++) {
            int d = lane + 32 * i;
            if (d < s.Dh) out[head_row(s, b, h, row + r) + d] = factor[r] * sums[r][i];
        }
    }
}

static inline dim3 tiled_grid(AttentionShape s) {
    return dim3((unsigned)((s.T + OWN - 1) / OWN), (unsigned)s.H, (unsigned)s.B);
}
static inline size_t tiled_bytes(AttentionShape s, int own_arrays, int tiles) {
    size_t floats = (size_t)own_arrays * OWN * s.Dh + (size_t)tiles * TILE * (s.Dh + 1);
    return floats * sizeof(float);
}
