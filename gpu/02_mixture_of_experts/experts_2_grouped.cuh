// The experts (see experts.cuh)     oracle: chapters/01_dense_ffn/dense_ffn.c, glu_forward
// One launch per step for all experts: a block finds out which expert its tile belongs to.
#pragma once
#include "gpu/02_mixture_of_experts/experts.cuh"

// [grouped
template <class Engine, class Real>
static __global__ void grouped_up_kernel(Real *gate_up, const Real *x_rows, const int *first,
                                         Experts<Real> w, ExpertSizes s) {
    RowTile tile = row_tile((int)blockIdx.x, first, s.E, Engine::TILE);
    if (tile.expert < 0) return; // all threads of the block do
    up_tile<Engine>(gate_up, x_rows, tile, (int)blockIdx.y * Engine::TILE, w, s);
}
// grouped]

template <class Real>
static __global__ void grouped_glu_kernel(Real *hidden, const Real *gate_up, const int *first,
                                          Experts<Real> w, ExpertSizes s) {
    RowTile tile = row_tile((int)blockIdx.x, first, s.E, 32);
    if (tile.expert < 0) return;
    int rows = tile.count - tile.row0 < 32 ? tile.count - tile.row0 : 32;
    glu_rows(hidden, gate_up, tile.expert, tile.first + tile.row0, rows, w.up_bias, s.F);
}

template <class Engine, class Real>
static __global__ void grouped_down_kernel(Real *out, const Real *hidden, const int *first,
                                           Experts<Real> w, ExpertSizes s) {
    RowTile tile = row_tile((int)blockIdx.x, first, s.E, Engine::TILE);
    if (tile.expert < 0) return;
    down_tile<Engine>(out, hidden, tile, (int)blockIdx.y * Engine::TILE, w, s);
}

template <class Engine, class Real>
static void launch_grouped_down(Real *out, const Real *hidden, const int *first, Experts<Real> w,
                                ExpertSizes s, cudaStream_t stream) {
    dim3 grid(max_row_tiles(s.capacity, s.E, Engine::TILE), (unsigned)ceil_div(s.D, Engine::TILE));
    LAUNCH((grouped_down_kernel<Engine, Real>), grid, Engine::THREADS, 0, stream, out, hidden,
           first, w, s);
}

template <class Real>
static const char *experts_grouped(Real *gate_up, Real *hidden, Real *out, const Real *x_rows,
                                   const int *first, Experts<Real> w, ExpertSizes s,
                                   cudaStream_t stream) {
    const char *refusal = refuse_experts(s);
    if (refusal) return refusal;
    unsigned tiles = max_row_tiles(s.capacity, s.E, Tiled::TILE);
    dim3 up(tiles, (unsigned)ceil_div(2 * s.F, Tiled::TILE));
    LAUNCH((grouped_up_kernel<Tiled, Real>), up, Tiled::THREADS, 0, stream, gate_up, x_rows, first,
           w, s);
    LAUNCH(grouped_glu_kernel<Real>, tiles, 256, 0, stream, hidden, gate_up, first, w, s);
    launch_grouped_down<Tiled>(out, hidden, first, w, s, stream);
    return launch_error();
}
