// What the kernels of lessons 05 and 06 share: sizes, rows of the tables, and how the dot products
// of the selected neurons become weights.     oracle: chapters/06_sgatlin/sgatlin.c
#pragma once
#include "gpu/launch.h"
#include <climits>
#include <cstdint>

// T tokens of width D; in each of C channels K of F neurons are selected. A table has [pools,F,D]
// numbers: a pool per channel, or one pool that all channels share. An entry is a token's selected
// neuron: entry (t·C + c)·K + k of arrays [T,C,K].
struct NeuronSizes {
    int T, D, F, C, K, pools;
    __host__ __device__ int slots() const { return C * K; } // entries of one token
    __host__ __device__ size_t entries() const { return (size_t)T * slots(); }
    // Where the row of neuron `index` begins, which was selected in this slot.
    __device__ size_t row(int slot, int index) const {
        int pool = pools == 1 ? 0 : slot / K;
        return ((size_t)pool * F + index) * D;
    }
};

static inline const char *refuse_neurons(const NeuronSizes &s) {
    if (s.K > s.F) return "K is more than F: there are not that many neurons to select";
    if (s.entries() > INT_MAX) return "T * C * K is more than 2^31 - 1: pass fewer tokens";
    return nullptr;
}

// ---- rows: WIDTH neighbouring numbers, 16 bytes at a time or one number

template <class Real> constexpr int VECTOR = 16 / sizeof(Real);

// Copies 16 bytes at once.
template <class Real> __device__ void copy_vector(Real *to, const Real *from) {
    *reinterpret_cast<uint4 *>(to) = *reinterpret_cast<const uint4 *>(from);
}

// [load
template <int WIDTH, class Real> __device__ void load(float (&to)[WIDTH], const Real *from) {
    constexpr int EACH = VECTOR<Real>;
    if constexpr (WIDTH == 1) {
        to[0] = (float)*from;
    } else {
        static_assert(WIDTH % EACH == 0);
        for (int part = 0; part < WIDTH; part += EACH) {
            __align__(16) Real values[EACH];
            copy_vector(values, from + part);
            for (int i = 0; i < EACH; i++) to[part + i] = (float)values[i];
        }
    }
}
// load]

template <int WIDTH, class Real> __device__ void store(Real *to, const float (&from)[WIDTH]) {
    constexpr int EACH = VECTOR<Real>;
    if constexpr (WIDTH == 1) {
        *to = (Real)from[0];
    } else {
        static_assert(WIDTH % EACH == 0);
        for (int part = 0; part < WIDTH; part += EACH) {
            __align__(16) Real values[EACH];
            for (int i = 0; i < EACH; i++) values[i] = (Real)from[part + i];
            copy_vector(to + part, values);
        }
    }
}

// to += from
template <int WIDTH> __device__ void add_to(float *to, const float (&from)[WIDTH]) {
    float sum[WIDTH];
    load(sum, to);
    for (int i = 0; i < WIDTH; i++) sum[i] += from[i];
    store(to, sum);
}

// Whether rows of D numbers that begin at all these addresses can be read 16 bytes at a time.
template <class Real, class... Pointers> bool is_vectorizable(int D, const Pointers *...pointers) {
    uintptr_t bits = (... | (uintptr_t)pointers);
    return D % VECTOR<Real> == 0 && bits % 16 == 0;
}

// ---- activations, as in sgatlin_activate

enum class NeuronActivation { IDENTITY, RELU, GELU, SWISH };

static __device__ inline float sigmoid_of(float x) { return 1.0f / (1.0f + expf(-x)); }

// x/2·(1 + tanh u) with u = sqrt(2/pi)·(x + 0.044715 x³) is x·sigmoid(2u).
static __device__ inline float neuron_gelu_sigmoid(float x) {
    return sigmoid_of(1.59576912f * (x + 0.044715f * x * x * x));
}
static __device__ inline float neuron_gelu(float x) { return x * neuron_gelu_sigmoid(x); }
static __device__ inline float neuron_gelu_derivative(float x) {
    float s = neuron_gelu_sigmoid(x);
    return s + x * s * (1.0f - s) * 1.59576912f * (1.0f + 3.0f * 0.044715f * x * x);
}

static __device__ inline float activate(NeuronActivation activation, float u) {
    switch (activation) {
    case NeuronActivation::RELU: return u < 0.0f ? 0.0f : u; // NaN stays NaN
    case NeuronActivation::GELU: return neuron_gelu(u);
    case NeuronActivation::SWISH: return u * sigmoid_of(u);
    default: return u;
    }
}

static __device__ inline float activate_derivative(NeuronActivation activation, float u) {
    switch (activation) {
    case NeuronActivation::RELU: return u > 0.0f ? 1.0f : 0.0f;
    case NeuronActivation::GELU: return neuron_gelu_derivative(u);
    case NeuronActivation::SWISH: return sigmoid_of(u) * (1.0f + u * (1.0f - sigmoid_of(u)));
    default: return 1.0f;
    }
}

// ---- neurons: what happens between the two tables. One warp calls this with the dot products of
// token t in shared memory, and it replaces each by the weight of a row of the other table.

// [forward
struct SgatlinForward {
    float *z;           // [T,C,K], written
    const float *score; // [T,C,K]
    NeuronActivation activation;
    __device__ void operator()(float *dots, int t, int lane, const NeuronSizes &s) const {
        for (int slot = lane; slot < s.slots(); slot += 32) {
            size_t e = (size_t)t * s.slots() + slot;
            z[e] = dots[slot];
            dots[slot] = activate(activation, score[e] * dots[slot]);
        }
    }
};
// forward]

// The dot products are out · dy, the weights dz, those of the rows of in in dx.
struct SgatlinBackward {
    float *dscore, *dz, *weight; // [T,C,K], written; weight: what out had in y
    const float *score, *z;      // [T,C,K]
    NeuronActivation activation;
    __device__ void operator()(float *dots, int t, int lane, const NeuronSizes &s) const {
        for (int slot = lane; slot < s.slots(); slot += 32) {
            size_t e = (size_t)t * s.slots() + slot;
            float u = score[e] * z[e], du = activate_derivative(activation, u) * dots[slot];
            dscore[e] = z[e] * du;
            weight[e] = activate(activation, u);
            dots[slot] = dz[e] = score[e] * du;
        }
    }
};
