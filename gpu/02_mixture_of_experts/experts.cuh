// What the experts' versions share: their parameters, the GLU, and the kernels of grouped products.
// Expert e has rows first[e] .. first[e+1]-1 of the matrices:
//   gate_up (R,2F) = x_rows up;  hidden (R,F) = g·sigmoid(1.702 g)·(u + 1), where g and u are
//   gate_up plus bias, clamped;  out (R,D) = hidden down + down_bias
// oracle: chapters/01_dense_ffn/dense_ffn.c, glu_forward
#pragma once
#include "gpu/02_mixture_of_experts/tiles.cuh"

struct ExpertSizes {
    int D, F, E;
    int capacity; // rows that there are at most: of first[E], which is on the device
};

template <class Real> struct Experts {
    const Real *up;         // (E,D,2F), the gate's half first
    const float *up_bias;   // (E,2F)
    const Real *down;       // (E,F,D)
    const float *down_bias; // (E,D)
};

constexpr float GLU_LIMIT = 7.0f, GLU_SLOPE = 1.702f;

static __device__ __forceinline__ float sigmoid_of(float x) { return 1.0f / (1.0f + expf(-x)); }
// The comparisons keep NaN.
static __device__ __forceinline__ float clamp_gate(float gate) {
    return gate > GLU_LIMIT ? GLU_LIMIT : gate;
}
static __device__ __forceinline__ float clamp_up(float up) {
    up = up > GLU_LIMIT ? GLU_LIMIT : up;
    return up < -GLU_LIMIT ? -GLU_LIMIT : up;
}

static __device__ __forceinline__ float glu(float gate, float up) {
    float g = clamp_gate(gate);
    return g * sigmoid_of(GLU_SLOPE * g) * (clamp_up(up) + 1.0f);
}

// [up
// gate_up = x_rows up, without bias and GLU
template <class Engine, class Real>
static __device__ void up_tile(Real *gate_up, const Real *x_rows, RowTile tile, int column0,
                               Experts<Real> w, ExpertSizes s) {
    constexpr int TILE = Engine::TILE;
    __shared__ __align__(32) float out[TILE][TILE + OUT_PAD];
    int D = s.D, width = 2 * s.F;
    Rows<Real> x = { x_rows + (size_t)tile.first * D, tile.count, D, D };
    Rows<Real> up = { w.up + (size_t)tile.expert * D * width, D, width, width };
    Engine::product(out, x, up, tile.row0, column0, D);
    for (int i = (int)threadIdx.x; i < TILE * TILE; i += Engine::THREADS) {
        int r = tile.row0 + i / TILE, c = column0 + i % TILE;
        if (r < tile.count && c < width)
            gate_up[(size_t)(tile.first + r) * width + c] = (Real)out[i / TILE][i % TILE];
    }
}
// up]

// out = hidden down + down_bias
template <class Engine, class Real>
static __device__ void down_tile(Real *y_rows, const Real *hidden, RowTile tile, int column0,
                                 Experts<Real> w, ExpertSizes s) {
    constexpr int TILE = Engine::TILE;
    __shared__ __align__(32) float out[TILE][TILE + OUT_PAD];
    int D = s.D, F = s.F;
    Rows<Real> h = { hidden + (size_t)tile.first * F, tile.count, F, F };
    Rows<Real> down = { w.down + (size_t)tile.expert * F * D, F, D, D };
    Engine::product(out, h, down, tile.row0, column0, F);
    for (int i = (int)threadIdx.x; i < TILE * TILE; i += Engine::THREADS) {
        int r = tile.row0 + i / TILE, c = column0 + i % TILE;
        if (r < tile.count && c < D)
            y_rows[(size_t)(tile.first + r) * D + c] =
                (Real)(out[i / TILE][i % TILE] + w.down_bias[(size_t)tile.expert * D + c]);
    }
}

// hidden from gate_up
template <class Real>
static __device__ void glu_rows(Real *hidden, const Real *gate_up, int expert, int first, int count,
                                const float *up_bias, int F) {
    const float *bias = up_bias + (size_t)expert * 2 * F;
    for (int i = (int)threadIdx.x; i < count * F; i += (int)blockDim.x) {
        size_t r = (size_t)(first + i / F);
        int f = i % F;
        float gate = (float)gate_up[r * 2 * F + f], up = (float)gate_up[r * 2 * F + F + f];
        hidden[r * F + f] = (Real)glu(gate + bias[f], up + bias[F + f]);
    }
}

static inline const char *refuse_experts(ExpertSizes s) {
    if (s.F > 65535 * 16 || s.D > 65535 * 32) return "more columns than a grid has blocks";
    return nullptr;
}
