// What the tasks of lessons 05 and 06 share: inputs are drawn for a given gating, and the tensors
// are the same but for the shape of the tables and a few of their own.
#pragma once
#include "gpu/06_sgatlin/backward_1_atomics.cuh"
#include "gpu/lesson.h"
#include <algorithm>
#include <cmath>
extern "C" {
#include "reference/numbers/random.h"
}

namespace gating {

// index [rows,K]: K different neurons of F in each row. Low ones are selected more often, as some
// neurons of a trained model are.
static inline void choose(double *index, size_t rows, int K, int F) {
    const uint64_t key = random_key(1, "gating");
    if (K > F) return; // refused
    for (size_t row = 0; row < rows; row++, index += K) {
        for (int k = 0; k < K; k++) {
            double u = random_uniform(key, row * (size_t)K + (size_t)k);
            index[k] = std::floor(u * u * F);
            while (std::find(index, index + k, index[k]) != index + k)
                index[k] = std::fmod(index[k] + 1, F);
        }
    }
}

// By the square root of the number of terms in a sum of such values.
static inline void scale(double *values, size_t n, int terms) {
    for (size_t i = 0; i < n; i++) values[i] /= std::sqrt(terms);
}

static inline void prepare(const NeuronSizes &s, double *index, double *in, double *out) {
    const size_t numbers = (size_t)s.pools * s.F * s.D;
    choose(index, (size_t)s.T * s.C, s.K, s.F);
    scale(in, numbers, s.D);
    scale(out, numbers, s.slots());
}

// A dot product of two rows, or an addition of one, for each entry.
static inline double entry_flops(const NeuronSizes &s) { return 2.0 * (double)s.entries() * s.D; }

typedef std::vector<lesson::Tensor> Tensors;
// `rows`: the shape of the tables. `others` come last.
static inline Tensors forward_tensors(const char *rows, const Tensors &others) {
    using lesson::Role, lesson::Type;
    Tensors tensors = { { "x", Role::INPUT, Type::REAL, "T D" },
                        { "index", Role::INPUT, Type::INT, "T C K" },
                        { "score", Role::INPUT, Type::FLOAT, "T C K" },
                        { "in", Role::INPUT, Type::REAL, rows },
                        { "out", Role::INPUT, Type::REAL, rows },
                        { "y", Role::OUTPUT, Type::REAL, "T D" },
                        { "z", Role::OUTPUT, Type::FLOAT, "T C K" } };
    tensors.insert(tensors.end(), others.begin(), others.end());
    return tensors;
}
static inline Tensors backward_tensors(const char *rows, size_t (*scratch)(const int *size),
                                       const Tensors &others) {
    using lesson::Role, lesson::Type;
    Tensors tensors = { { "x", Role::INPUT, Type::REAL, "T D" },
                        { "index", Role::INPUT, Type::INT, "T C K" },
                        { "score", Role::INPUT, Type::FLOAT, "T C K" },
                        { "z", Role::INPUT, Type::FLOAT, "T C K" },
                        { "in", Role::INPUT, Type::REAL, rows },
                        { "out", Role::INPUT, Type::REAL, rows },
                        { "dy", Role::INPUT, Type::REAL, "T D" },
                        { "dx", Role::OUTPUT, Type::REAL, "T D" },
                        { "dscore", Role::OUTPUT, Type::FLOAT, "T C K" },
                        { "din", Role::INOUT, Type::FLOAT, rows },
                        { "dout", Role::INOUT, Type::FLOAT, rows },
                        { "scratch", Role::SCRATCH, Type::FLOAT, "", scratch } };
    tensors.insert(tensors.end(), others.begin(), others.end());
    return tensors;
}
static inline size_t scratch_floats(const NeuronSizes &s) {
    BackwardScratch unused;
    return backward_scratch(&unused, nullptr, s) / sizeof(float);
}

} // namespace gating
