// Backward of attention. The T×T weights are not stored: a tile of them is recomputed from the
// scores and log_sum. One kernel owns queries and writes dq, another owns keys and writes dk and
// dv, so every row has one owner and nothing is atomic.
//   p = e^(q·k - log_sum),  ds = p · (dout·v - delta),  delta = dout·out
//   dq = Σ ds·k,  dk = Σ ds·q,  dv = Σ p·dout
#pragma once
#include "attention_tiles.cuh"

// delta (B,H,T) = dout · out; one warp per row of a head
static __global__ void attention_delta_kernel(float *delta, const float *dout, const float *out,
                                              AttentionShape s) {
    int i = (int)(blockIdx.x * TILE_WARPS + threadIdx.x / 32), lane = (int)threadIdx.x % 32;
    if (i >= s.B * s.H * s.T) return;
    int t = i % s.T, h = i / s.T % s.H, b = i / s.T / s.H;
    size_t row = head_row(s, b, h, t);
    float sum = 0.0f;
    for (int d = lane; d < s.Dh; d += 32) sum += dout[row + d] * out[row + d];
    sum = warp_sum(sum);
    if (lane == 0) delta[i] = sum;
}

template <int COLUMNS>
static __global__ void attention_dq_kernel(float *dq, const float *dout, const float *q,
                                           const float *k, const float *v, const float *log_sum,
                                           const float *delta, AttentionShape s) {
    DYNAMIC_SHARED(float, shared);
    __shared__ float ds[OWN][TILE];
    float *own = shared, *own_dout = own + OWN * s.Dh, *keys = own_dout + OWN * s.Dh,
          *values = keys + TILE * tile_stride(s);
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32, mine = warp * ROWS;
    int h = (int)blockIdx.y, b = (int)blockIdx.z, first = (int)blockIdx.x * OWN, row = first + mine;
    float sums[ROWS][COLUMNS] = {}, score[ROWS], dweight[ROWS], one[ROWS];
    for (int r = 0; r < ROWS; r++) one[r] = 1.0f;
    load_rows(own, s.Dh, q, s, b, h, first, OWN);
    load_rows(own_dout, s.Dh, dout, s, b, h, first, OWN);
    for (int i0 = 0; i0 < s.T && i0 < first + OWN; i0 += TILE) {
        __syncthreads();
        load_rows(keys, tile_stride(s), k, s, b, h, i0, TILE);
        load_rows(values, tile_stride(s), v, s, b, h, i0, TILE);
        __syncthreads();
        // [dq
        row_products(score, own + mine * s.Dh, keys, s);
        row_products(dweight, own_dout + mine * s.Dh, values, s);
        for (int r = 0; r < ROWS; r++) {
            float gradient = 0.0f;
            if (row + r < s.T && i0 + lane <= row + r) {
                size_t at = head_log_sum(s, b, h, row + r);
                gradient = expf(score[r] - log_sum[at]) * (dweight[r] - delta[at]);
            }
            ds[mine + r][lane] = gradient;
        }
        __syncwarp();
        add_tile<COLUMNS>(sums, ds + mine, keys, s);
        // dq]
    }
    store_rows<COLUMNS>(dq, sums, one, s, b, h, row);
}

template <int COLUMNS>
static __global__ void attention_dkv_kernel(float *dk, float *dv, const float *dout, const float *q,
                                            const float *k, const float *v, const float *log_sum,
                                            const float *delta, AttentionShape s) {
    DYNAMIC_SHARED(float, shared);
    __shared__ float p[OWN][TILE], ds[OWN][TILE];
    float *own = shared, *own_v = own + OWN * s.Dh, *queries = own_v + OWN * s.Dh,
          *douts = queries + TILE * tile_stride(s);
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32, mine = warp * ROWS;
    int h = (int)blockIdx.y, b = (int)blockIdx.z, first = (int)blockIdx.x * OWN, row = first + mine;
    float dk_sums[ROWS][COLUMNS] = {}, dv_sums[ROWS][COLUMNS] = {};
    float score[ROWS], dweight[ROWS], one[ROWS];
    for (int r = 0; r < ROWS; r++) one[r] = 1.0f;
    load_rows(own, s.Dh, k, s, b, h, first, OWN);
    load_rows(own_v, s.Dh, v, s, b, h, first, OWN);
    for (int t0 = first / TILE * TILE; t0 < s.T; t0 += TILE) {
        __syncthreads();
        load_rows(queries, tile_stride(s), q, s, b, h, t0, TILE);
        load_rows(douts, tile_stride(s), dout, s, b, h, t0, TILE);
        __syncthreads();
        row_products(score, own + mine * s.Dh, queries, s);
        row_products(dweight, own_v + mine * s.Dh, douts, s);
        int t = t0 + lane;
        size_t at = head_log_sum(s, b, h, t < s.T ? t : s.T - 1);
        float log_sum_t = log_sum[at], delta_t = delta[at];
        for (int r = 0; r < ROWS; r++) {
            bool sees = t < s.T && t >= row + r;
            float weight = sees ? expf(score[r] - log_sum_t) : 0.0f;
            p[mine + r][lane] = weight;
            ds[mine + r][lane] = weight * (dweight[r] - delta_t);
        }
        __syncwarp();
        add_tile<COLUMNS>(dv_sums, p + mine, douts, s);
        add_tile<COLUMNS>(dk_sums, ds + mine, queries, s);
    }
    store_rows<COLUMNS>(dk, dk_sums, one, s, b, h, row);
    store_rows<COLUMNS>(dv, dv_sums, one, s, b, h, row);
}

typedef struct {
    float *dq, *dk, *dv;     // (B,T,H,Dh), written
    float *delta;            // (B,H,T), scratch
    const float *dout, *out; // (B,T,H,Dh)
    const float *q, *k, *v;  // (B,T,H,Dh)
    const float *log_sum;    // (B,H,T)
} AttentionBackward;

template <int COLUMNS>
static inline const char *launch_attention_backward(const AttentionBackward *call, AttentionShape s,
                                                    cudaStream_t stream) {
    size_t bytes = tiled_bytes(s, 2, 2);
    const char *error = allow_shared(attention_dq_kernel<COLUMNS>, bytes);
    if (error == nullptr) error = allow_shared(attention_dkv_kernel<COLUMNS>, bytes);
    if (error != nullptr) return error;
    int rows = s.B * s.H * s.T;
    LAUNCH(attention_delta_kernel, (rows + TILE_WARPS - 1) / TILE_WARPS, TILE_THREADS, 0, stream,
           call->delta, call->dout, call->out, s);
    LAUNCH((attention_dq_kernel<COLUMNS>), tiled_grid(s), TILE_THREADS, bytes, stream, call->dq,
           call->dout, call->q, call->k, call->v, call->log_sum, call->delta, s);
    LAUNCH((attention_dkv_kernel<COLUMNS>), tiled_grid(s), TILE_THREADS, bytes, stream, call->dk,
           call->dv, call->dout, call->q, call->k, call->v, call->log_sum, call->delta, s);
    return launch_error();
}

// Dh is at most MAX_HEAD.
static inline const char *attention_gradients(const AttentionBackward *call, AttentionShape s,
                                              cudaStream_t stream) {
    if (s.Dh <= 32) return launch_attention_backward<1>(call, s, stream);
    if (s.Dh <= 64) return launch_attention_backward<2>(call, s, stream);
    if (s.Dh <= MAX_HEAD) return launch_attention_backward<4>(call, s, stream);
    return "heads have more than 128 floats";
}
