// The experts' backward pass (see backward.cuh): dx_rows and the gradients of the parameters, from
// the gradient of the experts' outputs     oracle: chapters/01_dense_ffn/dense_ffn.c, glu_backward
// Because the rows of an expert are neighbours, everything is a product. For dgate_up and dx_rows a
// block has a tile of rows; for the gradients of the parameters it has a tile of one expert's
// matrix, and adds up all rows of that expert in order: no atomics, the same bits in every run.
#pragma once
#include "gpu/02_mixture_of_experts/backward.cuh"

// dgate_up from dhidden = dout downᵀ, which is never stored
template <class Engine, class Real>
static __global__ void grouped_dgate_up_kernel(Real *dgate_up, ExpertRows<Real> rows,
                                               const int *first, Experts<Real> w, ExpertSizes s) {
    constexpr int TILE = Engine::TILE;
    __shared__ __align__(32) float out[TILE][TILE + OUT_PAD];
    RowTile tile = row_tile((int)blockIdx.x, first, s.E, TILE);
    if (tile.expert < 0) return;
    int D = s.D, F = s.F, f0 = (int)blockIdx.y * TILE;
    Rows<Real> dout = { rows.dout + (size_t)tile.first * D, tile.count, D, D };
    Transposed<Real> down = { w.down + (size_t)tile.expert * F * D, D, F, D };
    Engine::product(out, dout, down, tile.row0, f0, D);
    const float *bias = w.up_bias + (size_t)tile.expert * 2 * F;
    for (int i = (int)threadIdx.x; i < TILE * TILE; i += Engine::THREADS) {
        int r = tile.row0 + i / TILE, f = f0 + i % TILE;
        if (r >= tile.count || f >= F) continue;
        size_t gate = (size_t)(tile.first + r) * 2 * F + f, up = gate + F;
        float dgate, dup;
        glu_backward(&dgate, &dup, out[i / TILE][i % TILE], (float)rows.gate_up[gate] + bias[f],
                     (float)rows.gate_up[up] + bias[F + f]);
        dgate_up[gate] = (Real)dgate;
        dgate_up[up] = (Real)dup;
    }
}

// dx_rows = dgate_up upᵀ
template <class Engine, class Real>
static __global__ void grouped_dx_kernel(Real *dx_rows, const Real *dgate_up, const int *first,
                                         Experts<Real> w, ExpertSizes s) {
    constexpr int TILE = Engine::TILE;
    __shared__ __align__(32) float out[TILE][TILE + OUT_PAD];
    RowTile tile = row_tile((int)blockIdx.x, first, s.E, TILE);
    if (tile.expert < 0) return;
    int D = s.D, width = 2 * s.F, d0 = (int)blockIdx.y * TILE;
    Rows<Real> slopes = { dgate_up + (size_t)tile.first * width, tile.count, width, width };
    Transposed<Real> up = { w.up + (size_t)tile.expert * D * width, width, D, width };
    Engine::product(out, slopes, up, tile.row0, d0, width);
    for (int i = (int)threadIdx.x; i < TILE * TILE; i += Engine::THREADS) {
        int r = tile.row0 + i / TILE, d = d0 + i % TILE;
        if (r < tile.count && d < D)
            dx_rows[(size_t)(tile.first + r) * D + d] = (Real)out[i / TILE][i % TILE];
    }
}

// dw (E,height,width): of each expert leftᵀ right, a sum over its rows of left (R,height) and right
// (R,width)
// [weights
template <class Engine, class Real>
static __global__ void grouped_weights_kernel(float *dw, const Real *left, const Real *right,
                                              const int *first, int height, int width) {
    constexpr int TILE = Engine::TILE;
    __shared__ __align__(32) float out[TILE][TILE + OUT_PAD];
    int expert = (int)blockIdx.z, begin = first[expert], count = first[expert + 1] - begin;
    int row0 = (int)blockIdx.x * TILE, column0 = (int)blockIdx.y * TILE;
    Transposed<Real> a = { left + (size_t)begin * height, height, count, height };
    Rows<Real> b = { right + (size_t)begin * width, count, width, width };
    Engine::product(out, a, b, row0, column0, count); // 0 where count is
    dw += (size_t)expert * height * width;
    for (int i = (int)threadIdx.x; i < TILE * TILE; i += Engine::THREADS) {
        int r = row0 + i / TILE, c = column0 + i % TILE;
        if (r < height && c < width) dw[(size_t)r * width + c] = out[i / TILE][i % TILE];
    }
}
// weights]

// dbias (E,width): of each expert the sum of its rows. A block has 32 columns and 8 rows at a time.
template <class Real>
static __global__ void grouped_bias_kernel(float *dbias, const Real *rows, const int *first,
                                           int width) {
    __shared__ float sums[8][32];
    int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32, expert = (int)blockIdx.y;
    int c = (int)blockIdx.x * 32 + lane;
    float sum = 0.0f;
    for (int r = first[expert] + warp; c < width && r < first[expert + 1]; r += 8)
        sum += (float)rows[(size_t)r * width + c];
    sums[warp][lane] = sum;
    __syncthreads();
    if (warp > 0 || c >= width) return;
    for (int i = 1; i < 8; i++) sum += sums[i][lane];
    dbias[(size_t)expert * width + c] = sum;
}

template <class Engine, class Real>
static void launch_weights(float *dw, float *dbias, const Real *left, const Real *right,
                           const int *first, int height, int width, int E, cudaStream_t stream) {
    dim3 tiles((unsigned)ceil_div(height, Engine::TILE), (unsigned)ceil_div(width, Engine::TILE),
               (unsigned)E);
    dim3 columns((unsigned)ceil_div(width, 32), (unsigned)E);
    LAUNCH((grouped_weights_kernel<Engine, Real>), tiles, Engine::THREADS, 0, stream, dw, left,
           right, first, height, width);
    LAUNCH(grouped_bias_kernel<Real>, columns, 256, 0, stream, dbias, right, first, width);
}

// dgate_up (R,2F) is scratch.
template <class Engine, class Real>
static const char *launch_backward(Real *dx_rows, ExpertGradients dw, Real *dgate_up,
                                   ExpertRows<Real> rows, const int *first, Experts<Real> w,
                                   ExpertSizes s, cudaStream_t stream) {
    const char *refusal = refuse_experts(s);
    if (refusal) return refusal;
    if (s.E > 65535) return "E is more than 65535, the most blocks in the z direction of a grid";
    unsigned tiles = max_row_tiles(s.capacity, s.E, Engine::TILE);
    dim3 up(tiles, (unsigned)ceil_div(s.F, Engine::TILE));
    dim3 input(tiles, (unsigned)ceil_div(s.D, Engine::TILE));
    LAUNCH((grouped_dgate_up_kernel<Engine, Real>), up, Engine::THREADS, 0, stream, dgate_up, rows,
           first, w, s);
    LAUNCH((grouped_dx_kernel<Engine, Real>), input, Engine::THREADS, 0, stream, dx_rows, dgate_up,
           first, w, s);
    launch_weights<Engine, Real>(dw.up, dw.up_bias, rows.x, dgate_up, first, s.D, 2 * s.F, s.E,
                                 stream);
    launch_weights<Engine, Real>(dw.down, dw.down_bias, rows.hidden, rows.dout, first, s.F, s.D,
                                 s.E, stream);
    return launch_error();
}

template <class Real>
static const char *backward_grouped(Real *dx_rows, ExpertGradients dw, Real *dgate_up,
                                    ExpertRows<Real> rows, const int *first, Experts<Real> w,
                                    ExpertSizes s, cudaStream_t stream) {
    return launch_backward<Registers>(dx_rows, dw, dgate_up, rows, first, w, s, stream);
}
