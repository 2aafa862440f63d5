// Lesson 01: the products of the dense layer, and the first half of an mlp.
#include "gpu/01_dense_ffn/1_naive.cuh"
#include "gpu/01_dense_ffn/2_tiled.cuh"
#include "gpu/01_dense_ffn/3_registers.cuh"
#include "gpu/01_dense_ffn/4_tensor_cores.cuh"
#include "gpu/01_dense_ffn/5_cublas.cuh"
#include "gpu/01_dense_ffn/6_fused_gelu.cuh"
#include "gpu/lesson.h"
#include <cmath>
extern "C" {
#include "chapters/01_dense_ffn/dense_ffn.h"
}

typedef __nv_bfloat16 bf16;
using lesson::Arguments, lesson::Arrays, lesson::Role, lesson::Type;

enum { T, D, F }; // sizes of both tasks

// Weights of the size that keeps the outputs at the size of x. They are tensor 1 of both tasks.
static void scale_weights(const int *size, Arrays t) {
    double scale = 1.0 / std::sqrt(size[D]);
    for (size_t i = 0; i < (size_t)size[D] * (size_t)size[F]; i++) t[1][i] *= scale;
}

// Of the two products of all tokens, one addition and one multiplication for each weight.
static double product_flops(const int *size) { return 2.0 * size[T] * size[D] * size[F]; }

// ---- product: y = x w
enum { X, W, Y };

template <class Real>
using Product = const char *(*)(Real *y, const Real *x, const Real *w, int T, int D, int F,
                                cudaStream_t stream, cublasHandle_t cublas);
template <class Real, Product<Real> launch> const char *product(const Arguments &a) {
    return launch(a.get<Real>(Y), a.get<Real>(X), a.get<Real>(W), a.size[T], a.size[D], a.size[F],
                  a.stream, a.cublas);
}

static void product_oracle(const int *size, Arrays t) {
    for (size_t i = 0; i < (size_t)size[T]; i++) {
        linear(t[Y] + i * (size_t)size[F], t[X] + i * (size_t)size[D], t[W], size[D], size[F]);
    }
}

static const std::vector<lesson::Size> sizes = { { 1, 1, 1 },    { 3, 7, 13 },    { 31, 33, 17 },
                                                 { 33, 31, 65 }, { 5, 129, 127 }, { 129, 17, 65 },
                                                 { 64, 64, 64 } };

static const lesson::Task product_task = {
    .name = "product",
    .summary = "y = x w",
    .size_names = "T D F",
    .tensors = { { "x", Role::INPUT, Type::REAL, "T D" },
                 { "w", Role::INPUT, Type::REAL, "D F" },
                 { "y", Role::OUTPUT, Type::REAL, "T F" } },
    .prepare = scale_weights,
    .oracle = product_oracle,
    .tolerance_fp32 = 2e-6, // largest found: 5e-7
    .tolerance_bf16 = 4e-3, // rounding y once: at most 2^-8
    .flops = product_flops,
    .test_sizes = sizes,
    .profile_size = { 256, 256, 256 },
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
          .bf16 = product<bf16, product_tiled<bf16>>,
          .refuses = { { 32 * 65535 + 1, 1, 1 } } },
        { .name = "registers",
          .file = "3_registers.cuh",
          .fp32 = product<float, product_registers<float>>,
          .bf16 = product<bf16, product_registers<bf16>>,
          .refuses = { { 128 * 65535 + 1, 1, 1 } } },
        { .name = "tensor_cores",
          .file = "4_tensor_cores.cuh",
          .fp32 = nullptr,
          .bf16 = product<bf16, product_tensor_cores<bf16>>,
          .refuses = { { 64 * 65535 + 1, 1, 1 } },
          .tensor_cores = true },
        { .name = "cublas",
          .file = "5_cublas.cuh",
          .fp32 = product<float, product_cublas<float>>,
          .bf16 = nullptr,
          .library = true },
        { .name = "cublas_bf16",
          .file = "5_cublas.cuh",
          .fp32 = nullptr,
          .bf16 = product<bf16, product_cublas<bf16>>,
          .tensor_cores = true,
          .library = true },
    },
};

// ---- hidden: preactivation = x up, hidden = gelu(preactivation)
enum { TOKENS, UP, PREACTIVATION, HIDDEN };

template <class Real>
using Hidden = const char *(*)(Real *preactivation, Real *hidden, const Real *x, const Real *up,
                               int T, int D, int F, cudaStream_t stream);
template <class Real, Hidden<Real> launch> const char *hidden(const Arguments &a) {
    return launch(a.get<Real>(PREACTIVATION), a.get<Real>(HIDDEN), a.get<Real>(TOKENS),
                  a.get<Real>(UP), a.size[T], a.size[D], a.size[F], a.stream);
}

static void hidden_oracle(const int *size, Arrays t) {
    const size_t d = (size_t)size[D], f = (size_t)size[F];
    for (size_t i = 0; i < (size_t)size[T]; i++) {
        linear(t[PREACTIVATION] + i * f, t[TOKENS] + i * d, t[UP], size[D], size[F]);
        for (size_t k = i * f; k < (i + 1) * f; k++) t[HIDDEN][k] = gelu(t[PREACTIVATION][k]);
    }
}

static const lesson::Task hidden_task = {
    .name = "hidden",
    .summary = "hidden = gelu(x up), with the preactivation",
    .size_names = "T D F",
    .tensors = { { "x", Role::INPUT, Type::REAL, "T D" },
                 { "up", Role::INPUT, Type::REAL, "D F" },
                 { "preactivation", Role::OUTPUT, Type::REAL, "T F" },
                 { "hidden", Role::OUTPUT, Type::REAL, "T F" } },
    .prepare = scale_weights,
    .oracle = hidden_oracle,
    .tolerance_fp32 = 2e-6,
    .tolerance_bf16 = 8e-3, // separate rounds twice
    .flops = product_flops,
    .test_sizes = sizes,
    .profile_size = { 256, 256, 256 },
    .bench_size = { 8192, 1024, 4096 },
    .versions = {
        { .name = "separate",
          .file = "6_fused_gelu.cuh",
          .fp32 = hidden<float, hidden_separate<float>>,
          .bf16 = hidden<bf16, hidden_separate<bf16>> },
        { .name = "fused",
          .file = "6_fused_gelu.cuh",
          .fp32 = hidden<float, hidden_fused<float>>,
          .bf16 = hidden<bf16, hidden_fused<bf16>> },
        { .name = "fused_tensor_cores",
          .file = "6_fused_gelu.cuh",
          .fp32 = nullptr,
          .bf16 = hidden<bf16, hidden_fused_tensor_cores<bf16>>,
          .tensor_cores = true },
    },
};

static const lesson::Lesson dense_ffn("01_dense_ffn", { product_task, hidden_task });
