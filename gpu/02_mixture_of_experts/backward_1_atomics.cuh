// The experts' backward pass (see backward.cuh): dx_rows and the gradients of the parameters, from
// the gradient of the experts' outputs     oracle: chapters/01_dense_ffn/dense_ffn.c, glu_backward
// A block per row, as the chapter's loop has it: rows of one expert add to the same gradients at
// the same time, with atomics, and the sums are rounded in another way each time.
#pragma once
#include "gpu/02_mixture_of_experts/backward.cuh"

// dgate_up (R,2F)
// [atomics
template <class Real>
static __global__ void atomics_down_kernel(Real *dgate_up, ExpertGradients dw,
                                           ExpertRows<Real> rows, const int *first, Experts<Real> w,
                                           ExpertSizes s) {
    RowTile tile = row_tile((int)blockIdx.x, first, s.E, 1);
    if (tile.expert < 0) return;
    int D = s.D, F = s.F;
    size_t row = (size_t)(tile.first + tile.row0), e = (size_t)tile.expert;
    const Real *dout = rows.dout + row * D, *gate_up = rows.gate_up + row * 2 * F;
    const float *bias = w.up_bias + e * 2 * F;
    for (int f = (int)threadIdx.x; f < F; f += (int)blockDim.x) {
        const Real *down = w.down + (e * F + f) * D;
        float dhidden = 0.0f, hidden = (float)rows.hidden[row * F + f], dgate, dup;
        for (int d = 0; d < D; d++) {
            dhidden += (float)dout[d] * (float)down[d];
            atomicAdd(&dw.down[(e * F + f) * D + d], hidden * (float)dout[d]);
        }
        glu_backward(&dgate, &dup, dhidden, (float)gate_up[f] + bias[f],
                     (float)gate_up[F + f] + bias[F + f]);
        dgate_up[row * 2 * F + f] = (Real)dgate;
        dgate_up[row * 2 * F + F + f] = (Real)dup;
        atomicAdd(&dw.up_bias[e * 2 * F + f], (float)(Real)dgate);
        atomicAdd(&dw.up_bias[e * 2 * F + F + f], (float)(Real)dup);
    }
    for (int d = (int)threadIdx.x; d < D; d += (int)blockDim.x)
        atomicAdd(&dw.down_bias[e * D + d], (float)dout[d]);
}
// atomics]

template <class Real>
static __global__ void atomics_up_kernel(Real *dx_rows, ExpertGradients dw, ExpertRows<Real> rows,
                                         const Real *dgate_up, const int *first, Experts<Real> w,
                                         ExpertSizes s) {
    RowTile tile = row_tile((int)blockIdx.x, first, s.E, 1);
    if (tile.expert < 0) return;
    int D = s.D, width = 2 * s.F;
    size_t row = (size_t)(tile.first + tile.row0), e = (size_t)tile.expert;
    for (int d = (int)threadIdx.x; d < D; d += (int)blockDim.x) {
        const Real *up = w.up + (e * D + d) * width;
        float dx = 0.0f, x = (float)rows.x[row * D + d];
        for (int f = 0; f < width; f++) {
            float slope = (float)dgate_up[row * width + f];
            dx += slope * (float)up[f];
            atomicAdd(&dw.up[(e * D + d) * width + f], x * slope);
        }
        dx_rows[row * D + d] = (Real)dx;
    }
}

template <class Real>
static const char *backward_atomics(Real *dx_rows, ExpertGradients dw, Real *dgate_up,
                                    ExpertRows<Real> rows, const int *first, Experts<Real> w,
                                    ExpertSizes s, cudaStream_t stream) {
    size_t matrix = (size_t)s.E * s.D * s.F * sizeof(float);
    cudaMemsetAsync(dw.up, 0, 2 * matrix, stream);
    cudaMemsetAsync(dw.up_bias, 0, (size_t)s.E * 2 * s.F * sizeof(float), stream);
    cudaMemsetAsync(dw.down, 0, matrix, stream);
    cudaMemsetAsync(dw.down_bias, 0, (size_t)s.E * s.D * sizeof(float), stream);
    LAUNCH(atomics_down_kernel<Real>, s.capacity, 128, 0, stream, dgate_up, dw, rows, first, w, s);
    LAUNCH(atomics_up_kernel<Real>, s.capacity, 128, 0, stream, dx_rows, dw, rows, dgate_up, first,
           w, s);
    return launch_error();
}
