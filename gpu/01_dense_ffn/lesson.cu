// Lesson 01: the product of a matrix of tokens and a matrix of weights.
#include "gpu/01_dense_ffn/1_naive.cuh"
#include "gpu/01_dense_ffn/2_tiled.cuh"
#include "gpu/lesson.h"
#include <cmath>
extern "C" {
#include "chapters/01_dense_ffn/dense_ffn.h"
}

typedef __nv_bfloat16 bf16;
using lesson::Arguments, lesson::Arrays, lesson::Role, lesson::Type;

enum { T, D, F };                      // sizes
enum { X_TENSOR, W_TENSOR, Y_TENSOR }; // tensors

template <class Real>
using Product = const char *(*)(Real *y, const Real *x, const Real *w, int T, int D, int F,
                                cudaStream_t stream);

template <class Real, Product<Real> launch> const char *product(const Arguments &a) {
    return launch(a.get<Real>(Y_TENSOR), a.get<Real>(X_TENSOR), a.get<Real>(W_TENSOR), a.size[T],
                  a.size[D], a.size[F], a.stream);
}

// Weights of the size that keeps y at the size of x.
static void scale_weights(const int *size, Arrays t) {
    double scale = 1.0 / std::sqrt(size[D]);
    for (size_t i = 0; i < (size_t)size[D] * (size_t)size[F]; i++) t[W_TENSOR][i] *= scale;
}

static void product_oracle(const int *size, Arrays t) {
    for (size_t i = 0; i < (size_t)size[T]; i++) {
        linear(t[Y_TENSOR] + i * (size_t)size[F], t[X_TENSOR] + i * (size_t)size[D], t[W_TENSOR],
               size[D], size[F]);
    }
}

static const lesson::Task product_task = {
    .name = "product",
    .summary = "y = x w",
    .size_names = "T D F",
    .tensors = { { "x", Role::INPUT, Type::REAL, "T D" },
                 { "w", Role::INPUT, Type::REAL, "D F" },
                 { "y", Role::OUTPUT, Type::REAL, "T F" } },
    .prepare = scale_weights,
    .oracle = product_oracle,
    .tolerance_fp32 = 1e-6,
    .tolerance_bf16 = 4e-3,
    .flops = [](const int *s) { return 2.0 * s[T] * s[D] * s[F]; },
    .test_sizes = { { 1, 1, 1 }, { 3, 7, 13 }, { 31, 33, 17 }, { 33, 31, 65 }, { 5, 129, 127 } },
    .profile_size = { 64, 64, 64 },
    .bench_size = { 8192, 1024, 4096 },
    .versions = {
        { .name = "naive",
          .file = "1_naive.cuh",
          .fp32 = product<float, product_naive<float>>,
          .bf16 = product<bf16, product_naive<bf16>>,
          .refuses = { { 8 * 65535 + 1, 1, 1 } } },
        { .name = "tiled",
          .file = "2_tiled.cuh",
          .fp32 = product<float, product_tiled<float>>,
          .bf16 = product<bf16, product_tiled<bf16>> },
    },
};

static const lesson::Lesson dense_ffn("01_dense_ffn", { product_task });
