// Attention, version 2: a block owns 16 queries and reads keys and values in tiles of 32, so each
// is read once for 16 queries. The softmax is online (Milakov and Gimelshein 2018; Dao 2022): when
// a later tile has a larger score, what was summed so far is scaled down.
#pragma once
#include "attention_tiles.cuh"

// [tiled
template <int COLUMNS>
static __global__ void attention_tiled_kernel(float *out, float *log_sum, const float *q,
                                              const float *k, const float *v, AttentionShape s) {
    DYNAMIC_SHARED(float, shared);
    __shared__ float weights[OWN][TILE];
    float *own = shared, *keys = own + OWN * s.Dh, *values = keys + TILE * tile_stride(s);
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    int h = (int)blockIdx.y, b = (int)blockIdx.z, first = (int)blockIdx.x * OWN;
    int row = first + warp * ROWS; // the warp's first query
    float max[ROWS], sum[ROWS], sums[ROWS][COLUMNS] = {}, score[ROWS];
    for (int r = 0; r < ROWS; r++) {
        max[r] = -INFINITY;
        sum[r] = 0.0f;
    }
    load_rows(own, s.Dh, q, s, b, h, first, OWN);
    for (int i0 = 0; i0 < s.T && i0 < first + OWN; i0 += TILE) {
        __syncthreads(); // the last tile was read
        load_rows(keys, tile_stride(s), k, s, b, h, i0, TILE);
        load_rows(values, tile_stride(s), v, s, b, h, i0, TILE);
        __syncthreads();
        row_products(score, own + warp * ROWS * s.Dh, keys, s);
        for (int r = 0; r < ROWS; r++) {
            if (i0 + lane > row + r) score[r] = -INFINITY; // the future
            float larger = fmaxf(max[r], warp_max(score[r])), scale = expf(max[r] - larger);
            float weight = expf(score[r] - larger);
            weights[warp * ROWS + r][lane] = weight;
            sum[r] = sum[r] * scale + warp_sum(weight);
            max[r] = larger;
            for (int i = 0; i < COLUMNS; i++) sums[r][i] *= scale;
        }
        __syncwarp();
        add_tile<COLUMNS>(sums, weights + warp * ROWS, values, s);
    }
    for (int r = 0; r < ROWS; r++) {
        if (lane == 0 && row + r < s.T)
            log_sum[head_log_sum(s, b, h, row + r)] = max[r] + logf(sum[r]);
        sum[r] = 1.0f / sum[r];
    }
    store_rows<COLUMNS>(out, sums, sum, s, b, h, row);
}
// tiled]

template <int COLUMNS>
static inline const char *launch_tiled(float *out, float *log_sum, const float *q, const float *k,
                                       const float *v, AttentionShape s, cudaStream_t stream) {
    size_t bytes = tiled_bytes(s, 1, 2);
    const char *error = allow_shared(attention_tiled_kernel<COLUMNS>, bytes);
    if (error != nullptr) return error;
    LAUNCH((attention_tiled_kernel<COLUMNS>), tiled_grid(s), TILE_THREADS, bytes, stream, out,
           log_sum, q, k, v, s);
    return launch_error();
}

// Dh is at most MAX_HEAD.
static inline const char *attention_tiled(float *out, float *log_sum, const float *q,
                                          const float *k, const float *v, AttentionShape s,
                                          cudaStream_t stream) {
    if (s.Dh <= 32) return launch_tiled<1>(out, log_sum, q, k, v, s, stream);
    if (s.Dh <= 64) return launch_tiled<2>(out, log_sum, q, k, v, s, stream);
    if (s.Dh <= MAX_HEAD) return launch_tiled<4>(out, log_sum, q, k, v, s, stream);
    return "heads have more than 128 floats";
}
