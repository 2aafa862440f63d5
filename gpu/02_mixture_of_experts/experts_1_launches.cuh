// The experts (see experts.cuh)     oracle: chapters/01_dense_ffn/dense_ffn.c, glu_forward
// One launch per expert and step, as one would call a product of lesson 01 for each expert. How
// many rows an expert has is known on the device alone: each launch has blocks for all rows, and
// those that have nothing to do end at once.
#pragma once
#include "gpu/02_mixture_of_experts/experts.cuh"

// [launches
template <class Real>
static __global__ void expert_up_kernel(Real *gate_up, const Real *x_rows, const int *first,
                                        int expert, Experts<Real> w, ExpertSizes s) {
    int begin = first[expert], count = first[expert + 1] - begin;
    RowTile tile = { expert, begin, count, (int)blockIdx.x * Tiled::TILE };
    if (tile.row0 < count)
        up_tile<Tiled>(gate_up, x_rows, tile, (int)blockIdx.y * Tiled::TILE, w, s);
}
// launches]

template <class Real>
static __global__ void expert_glu_kernel(Real *hidden, const Real *gate_up, const int *first,
                                         int expert, Experts<Real> w, ExpertSizes s) {
    int begin = first[expert], count = first[expert + 1] - begin, row0 = (int)blockIdx.x * 32;
    int rows = count - row0 < 32 ? count - row0 : 32;
    if (rows > 0) glu_rows(hidden, gate_up, expert, begin + row0, rows, w.up_bias, s.F);
}

template <class Real>
static __global__ void expert_down_kernel(Real *out, const Real *hidden, const int *first,
                                          int expert, Experts<Real> w, ExpertSizes s) {
    int begin = first[expert], count = first[expert + 1] - begin;
    RowTile tile = { expert, begin, count, (int)blockIdx.x * Tiled::TILE };
    if (tile.row0 < count) down_tile<Tiled>(out, hidden, tile, (int)blockIdx.y * Tiled::TILE, w, s);
}

template <class Real>
static const char *experts_launches(Real *gate_up, Real *hidden, Real *out, const Real *x_rows,
                                    const int *first, Experts<Real> w, ExpertSizes s,
                                    cudaStream_t stream) {
    const char *refusal = refuse_experts(s);
    if (refusal) return refusal;
    unsigned rows = (unsigned)ceil_div(s.capacity, Tiled::TILE);
    dim3 up(rows, (unsigned)ceil_div(2 * s.F, Tiled::TILE));
    dim3 down(rows, (unsigned)ceil_div(s.D, Tiled::TILE));
    for (int e = 0; e < s.E; e++) {
        LAUNCH(expert_up_kernel<Real>, up, Tiled::THREADS, 0, stream, gate_up, x_rows, first, e, w,
               s);
        LAUNCH(expert_glu_kernel<Real>, rows, 256, 0, stream, hidden, gate_up, first, e, w, s);
        LAUNCH(expert_down_kernel<Real>, down, Tiled::THREADS, 0, stream, out, hidden, first, e, w,
               s);
    }
    return launch_error();
}
