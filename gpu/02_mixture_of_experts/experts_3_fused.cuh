// The experts (see experts.cuh)     oracle: chapters/01_dense_ffn/dense_ffn.c, glu_forward
// Register tiles, and the GLU in the epilogue of the first product: a tile has 32 columns of the
// gate and the 32 columns of `up` that belong to them, so that the block has all that it needs.
#pragma once
#include "gpu/02_mixture_of_experts/experts_2_grouped.cuh"

// [split
// Of a tile's columns the first half are the gate's, the second half the others': column c of tile
// n is f = n·HALF + c or F + f. Zero outside.
template <class Real, int TILE> struct GateAndUp {
    typedef Real Number;
    const Real *data; // (D,2F)
    int D, F;
    static constexpr bool BY_COLUMN = false;
    __device__ float operator()(int d, int c) const {
        constexpr int HALF = TILE / 2;
        int f = c / TILE * HALF + c % HALF, part = c % TILE / HALF;
        return d < D && f < F ? (float)data[(size_t)d * 2 * F + part * F + f] : 0.0f;
    }
};
// split]

// [fused
template <class Engine, class Real>
static __global__ void grouped_glu_up_kernel(Real *gate_up, Real *hidden, const Real *x_rows,
                                             const int *first, Experts<Real> w, ExpertSizes s) {
    constexpr int TILE = Engine::TILE, HALF = TILE / 2;
    __shared__ __align__(32) float out[TILE][TILE + OUT_PAD];
    RowTile tile = row_tile((int)blockIdx.x, first, s.E, TILE);
    if (tile.expert < 0) return;
    int D = s.D, F = s.F, f0 = (int)blockIdx.y * HALF;
    Rows<Real> x = { x_rows + (size_t)tile.first * D, tile.count, D, D };
    GateAndUp<Real, TILE> up = { w.up + (size_t)tile.expert * D * 2 * F, D, F };
    Engine::product(out, x, up, tile.row0, (int)blockIdx.y * TILE, D);
    const float *bias = w.up_bias + (size_t)tile.expert * 2 * F;
    for (int i = (int)threadIdx.x; i < TILE * HALF; i += Engine::THREADS) {
        int r = i / HALF, c = i % HALF, f = f0 + c;
        if (tile.row0 + r >= tile.count || f >= F) continue;
        size_t row = (size_t)(tile.first + tile.row0 + r);
        Real gate = (Real)out[r][c], up_value = (Real)out[r][HALF + c];
        gate_up[row * 2 * F + f] = gate; // backward needs both
        gate_up[row * 2 * F + F + f] = up_value;
        hidden[row * F + f] = (Real)glu((float)gate + bias[f], (float)up_value + bias[F + f]);
    }
}
// fused]

template <class Engine, class Real>
static const char *launch_experts_fused(Real *gate_up, Real *hidden, Real *out, const Real *x_rows,
                                        const int *first, Experts<Real> w, ExpertSizes s,
                                        cudaStream_t stream) {
    const char *refusal = refuse_experts(s);
    if (refusal) return refusal;
    dim3 up(max_row_tiles(s.capacity, s.E, Engine::TILE),
            (unsigned)ceil_div(2 * s.F, Engine::TILE));
    LAUNCH((grouped_glu_up_kernel<Engine, Real>), up, Engine::THREADS, 0, stream, gate_up, hidden,
           x_rows, first, w, s);
    launch_grouped_down<Engine>(out, hidden, first, w, s, stream);
    return launch_error();
}

template <class Real>
static const char *experts_fused(Real *gate_up, Real *hidden, Real *out, const Real *x_rows,
                                 const int *first, Experts<Real> w, ExpertSizes s,
                                 cudaStream_t stream) {
    return launch_experts_fused<Registers>(gate_up, hidden, out, x_rows, first, w, s, stream);
}
