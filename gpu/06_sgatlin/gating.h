// What the lessons that begin with a gating draw: selections, and tables of fitting size.
#pragma once
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

} // namespace gating
