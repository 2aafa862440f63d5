// The tasks of the experts: to their rows, through them, and back.
#pragma once
#include "gpu/02_mixture_of_experts/backward_1_atomics.cuh"
#include "gpu/02_mixture_of_experts/backward_2_grouped.cuh"
#include "gpu/02_mixture_of_experts/backward_3_tensor_cores.cuh"
#include "gpu/02_mixture_of_experts/combine_1_scatter.cuh"
#include "gpu/02_mixture_of_experts/combine_2_owner.cuh"
#include "gpu/02_mixture_of_experts/experts_1_launches.cuh"
#include "gpu/02_mixture_of_experts/experts_2_grouped.cuh"
#include "gpu/02_mixture_of_experts/experts_3_fused.cuh"
#include "gpu/02_mixture_of_experts/experts_4_tensor_cores.cuh"
#include "gpu/02_mixture_of_experts/gather.cuh"
#include "gpu/02_mixture_of_experts/test_gatings.h"
#include "gpu/lesson.h"
#include <cmath>
extern "C" {
#include "chapters/01_dense_ffn/dense_ffn.h"
}

namespace experts {
using lesson::Arguments, lesson::Arrays, lesson::Role, lesson::Type;
typedef __nv_bfloat16 bf16;
typedef std::vector<double> Doubles;

// ---- between tokens and rows
namespace rows {
enum { N, D, E, K }; // sizes
static const std::vector<lesson::Size> sizes = {
    { 1, 1, 1, 1 }, { 3, 5, 4, 2 }, { 31, 33, 8, 2 }, { 5, 129, 3, 1 }
};
static const lesson::Size profile_size = { 256, 256, 8, 2 }, bench_size = { 32768, 1024, 8, 2 };
static double entries(const int *s) { return (double)s[N] * s[K]; }

// start and row are tensors 0 and 1 of all three tasks.
enum { START, ROW };
static void prepare(const int *size, Arrays t) {
    Doubles index((size_t)size[N] * (size_t)size[K]);
    make_gating(t[START], index.data(), size[N], size[E], size[K]);
    make_rows(nullptr, t[ROW], index.data(), (int)t[START][size[N]], size[E]);
}

// Calls the function with each token, entry, and row.
template <class Function> static void each_entry(const int *size, Arrays t, Function call) {
    for (int i = 0; i < size[N]; i++) {
        for (int k = (int)t[START][i]; k < (int)t[START][i + 1]; k++)
            call((size_t)i, (size_t)k, (size_t)t[ROW][k]);
    }
}

namespace to {
enum { X = 2, X_ROWS };
static void oracle(const int *size, Arrays t) {
    size_t d = (size_t)size[D];
    each_entry(size, t, [&](size_t token, size_t, size_t row) {
        std::copy(t[X] + token * d, t[X] + (token + 1) * d, t[X_ROWS] + row * d);
    });
}
template <class Real> const char *run(const Arguments &a) {
    return gather(a.get<Real>(X_ROWS), a.get<Real>(X), a.get<int>(START), a.get<int>(ROW),
                  a.size[N], a.size[D], a.stream);
}
} // namespace to

static const lesson::Task gather_task = {
    .name = "gather",
    .summary = "the inputs of the experts' rows",
    .size_names = "N D E K",
    .tensors = { { "start", Role::INPUT, Type::INT, "N+1" },
                 { "row", Role::INPUT, Type::INT, "N K" },
                 { "x", Role::INPUT, Type::REAL, "N D" },
                 { "x_rows", Role::OUTPUT, Type::REAL, "N K D" } },
    .prepare = prepare,
    .oracle = to::oracle,
    .tolerance_fp32 = 0,
    .tolerance_bf16 = 0,
    .flops = [](const int *) { return 0.0; },
    .test_sizes = sizes,
    .profile_size = profile_size,
    .bench_size = bench_size,
    .versions = { { .name = "warp",
                    .file = "gather.cuh",
                    .fp32 = to::run<float>,
                    .bf16 = to::run<bf16> } },
};

namespace from {
enum { WEIGHT = 2, OUT, Y };
static void oracle(const int *size, Arrays t) {
    size_t d = (size_t)size[D];
    std::fill(t[Y], t[Y] + (size_t)size[N] * d, 0.0);
    each_entry(size, t, [&](size_t token, size_t entry, size_t row) {
        for (size_t i = 0; i < d; i++)
            t[Y][token * d + i] += t[WEIGHT][entry] * t[OUT][row * d + i];
    });
}
template <class Real>
using Combine = const char *(*)(float *y, const Real *out, const int *start, const int *row,
                                const float *weight, int N, int D, int capacity,
                                cudaStream_t stream);
template <class Real, Combine<Real> launch> const char *run(const Arguments &a) {
    return launch(a.get<float>(Y), a.get<Real>(OUT), a.get<int>(START), a.get<int>(ROW),
                  a.get<float>(WEIGHT), a.size[N], a.size[D],
                  a.size[N] * a.size[K] + SPARE_CAPACITY, a.stream);
}
} // namespace from

static const lesson::Task combine_task = {
    .name = "combine",
    .summary = "y: the weighted sum of each token's rows",
    .size_names = "N D E K",
    .tensors = { { "start", Role::INPUT, Type::INT, "N+1" },
                 { "row", Role::INPUT, Type::INT, "N K" },
                 { "weight", Role::INPUT, Type::FLOAT, "N K" },
                 { "out", Role::INPUT, Type::REAL, "N K D" },
                 { "y", Role::OUTPUT, Type::FLOAT, "N D" } },
    .prepare = prepare,
    .oracle = from::oracle,
    .tolerance_fp32 = 1e-6,
    .tolerance_bf16 = 1e-6, // inputs alone are bf16
    .flops = [](const int *s) { return 2.0 * entries(s) * s[D]; },
    .test_sizes = sizes,
    .profile_size = profile_size,
    .bench_size = bench_size,
    .versions = {
        { .name = "scatter", .file = "combine_1_scatter.cuh",
          .fp32 = from::run<float, combine_scatter<float>>,
          .bf16 = from::run<bf16, combine_scatter<bf16>>, .varies = true },
        { .name = "owner", .file = "combine_2_owner.cuh",
          .fp32 = from::run<float, combine_owner<float, float>>,
          .bf16 = from::run<bf16, combine_owner<float, bf16>> },
    },
};

namespace back {
enum { WEIGHT = 2, OUT, DY, DOUT, DWEIGHT };
static void oracle(const int *size, Arrays t) {
    size_t d = (size_t)size[D];
    each_entry(size, t, [&](size_t token, size_t entry, size_t row) {
        t[DWEIGHT][entry] = 0.0;
        for (size_t i = 0; i < d; i++) {
            double dy = t[DY][token * d + i];
            t[DWEIGHT][entry] += t[OUT][row * d + i] * dy;
            t[DOUT][row * d + i] = t[WEIGHT][entry] * dy;
        }
    });
}
template <class Real> const char *run(const Arguments &a) {
    return combine_backward(a.get<Real>(DOUT), a.get<float>(DWEIGHT), a.get<Real>(DY),
                            a.get<Real>(OUT), a.get<int>(START), a.get<int>(ROW),
                            a.get<float>(WEIGHT), a.size[N], a.size[D], a.stream);
}
} // namespace back

static const lesson::Task combine_backward_task = {
    .name = "combine_backward",
    .summary = "the gradients of the rows and of the weights, from dy",
    .size_names = "N D E K",
    .tensors = { { "start", Role::INPUT, Type::INT, "N+1" },
                 { "row", Role::INPUT, Type::INT, "N K" },
                 { "weight", Role::INPUT, Type::FLOAT, "N K" },
                 { "out", Role::INPUT, Type::REAL, "N K D" },
                 { "dy", Role::INPUT, Type::REAL, "N D" },
                 { "dout", Role::OUTPUT, Type::REAL, "N K D" },
                 { "dweight", Role::OUTPUT, Type::FLOAT, "N K" } },
    .prepare = prepare,
    .oracle = back::oracle,
    .tolerance_fp32 = 1e-6,
    .tolerance_bf16 = 4e-3, // dout is rounded once: at most 2^-8
    .flops = [](const int *s) { return 3.0 * entries(s) * s[D]; },
    .test_sizes = sizes,
    .profile_size = profile_size,
    .bench_size = bench_size,
    .versions = { { .name = "warp",
                    .file = "gather.cuh",
                    .fp32 = back::run<float>,
                    .bf16 = back::run<bf16> } },
};
} // namespace rows

// ---- the experts
enum { R, D, F, E }; // sizes
enum { FIRST, UP, UP_BIAS, DOWN, DOWN_BIAS, X_ROWS, GATE_UP, HIDDEN, OUT };
static const std::vector<lesson::Size> sizes = {
    { 1, 1, 1, 1 }, { 3, 7, 5, 2 }, { 65, 33, 31, 4 }, { 67, 65, 33, 1 }, { 130, 17, 70, 7 }
};

static size_t doubles(const int *s, int rows, int columns) {
    return (size_t)s[rows] * (size_t)s[columns];
}

// first: uneven numbers of rows, none for every third expert. Parameters as large as trained ones,
// except that some gates and ups get large enough to be clamped.
static void prepare(const int *s, Arrays t) {
    double total = 0, sum = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int e = 0; e < s[E]; e++) {
            if (pass == 1) t[FIRST][e] = std::floor(sum * s[R] / total);
            (pass == 0 ? total : sum) += e % 3 == 1 ? 0 : 1 + scrambled(e, 5);
        }
    }
    t[FIRST][s[E]] = s[R];
    for (size_t i = 0; i < (size_t)s[E] * 2 * doubles(s, D, F); i++)
        t[UP][i] *= 4 / std::sqrt(s[D]);
    for (size_t i = 0; i < (size_t)s[E] * doubles(s, F, D); i++) t[DOWN][i] /= std::sqrt(s[F]);
}

// Of expert e, in the task's arrays.
static GluWeights weights_of(const int *s, Arrays t, int e, int up) {
    size_t i = (size_t)e, matrix = doubles(s, D, F);
    return { t[up] + i * 2 * matrix, t[up + 1] + i * 2 * (size_t)s[F], t[up + 2] + i * matrix,
             t[up + 3] + i * (size_t)s[D] };
}

static void add_bias(double *gate_up, const double *bias, double sign, int F) {
    for (int f = 0; f < 2 * F; f++) gate_up[f] += sign * bias[f];
}

static void forward_oracle(const int *s, Arrays t) {
    const DenseSizes dense = { s[D], s[F] };
    size_t d = (size_t)s[D], f = (size_t)s[F];
    for (int e = 0; e < s[E]; e++) {
        GluWeights w = weights_of(s, t, e, UP);
        for (size_t r = (size_t)t[FIRST][e]; r < (size_t)t[FIRST][e + 1]; r++) {
            GluSaved saved = { t[GATE_UP] + r * 2 * f, t[HIDDEN] + r * f };
            glu_forward(t[OUT] + r * d, &saved, t[X_ROWS] + r * d, &w, &dense);
            add_bias(saved.gate_up, w.up_bias, -1.0, s[F]);
        }
    }
}

template <class Real> static Experts<Real> experts_of(const Arguments &a) {
    return { a.get<Real>(UP), a.get<float>(UP_BIAS), a.get<Real>(DOWN), a.get<float>(DOWN_BIAS) };
}
static ExpertSizes sizes_of(const Arguments &a) {
    return { a.size[D], a.size[F], a.size[E], a.size[R] + SPARE_CAPACITY };
}

template <class Real>
using Forward = const char *(*)(Real *gate_up, Real *hidden, Real *out, const Real *x_rows,
                                const int *first, Experts<Real> w, ExpertSizes s,
                                cudaStream_t stream);
template <class Real, Forward<Real> launch> const char *forward(const Arguments &a) {
    return launch(a.get<Real>(GATE_UP), a.get<Real>(HIDDEN), a.get<Real>(OUT), a.get<Real>(X_ROWS),
                  a.get<int>(FIRST), experts_of<Real>(a), sizes_of(a), a.stream);
}

static const lesson::Task forward_task = {
    .name = "experts",
    .summary = "each row through the GLU of its expert",
    .size_names = "R D F E",
    .tensors = { { "first", Role::INPUT, Type::INT, "E+1" },
                 { "up", Role::INPUT, Type::REAL, "E D 2 F" },
                 { "up_bias", Role::INPUT, Type::FLOAT, "E 2 F" },
                 { "down", Role::INPUT, Type::REAL, "E F D" },
                 { "down_bias", Role::INPUT, Type::FLOAT, "E D" },
                 { "x_rows", Role::INPUT, Type::REAL, "R D" },
                 { "gate_up", Role::OUTPUT, Type::REAL, "R 2 F" },
                 { "hidden", Role::OUTPUT, Type::REAL, "R F" },
                 { "out", Role::OUTPUT, Type::REAL, "R D" } },
    .prepare = prepare,
    .oracle = forward_oracle,
    .tolerance_fp32 = 2e-6, // largest found: 5e-7
    .tolerance_bf16 = 1e-2, // each of the steps is rounded to bf16
    .flops = [](const int *s) { return 6.0 * s[R] * s[D] * s[F]; },
    .test_sizes = sizes,
    .profile_size = { 256, 64, 64, 4 },
    .bench_size = { 16384, 1024, 1024, 8 },
    .versions = {
        { .name = "launches", .file = "experts_1_launches.cuh",
          .fp32 = forward<float, experts_launches<float>>,
          .bf16 = forward<bf16, experts_launches<bf16>> },
        { .name = "grouped", .file = "experts_2_grouped.cuh",
          .fp32 = forward<float, experts_grouped<float>>,
          .bf16 = forward<bf16, experts_grouped<bf16>> },
        { .name = "fused", .file = "experts_3_fused.cuh",
          .fp32 = forward<float, experts_fused<float>>,
          .bf16 = forward<bf16, experts_fused<bf16>> },
        { .name = "tensor_cores", .file = "experts_4_tensor_cores.cuh", .fp32 = nullptr,
          .bf16 = forward<bf16, experts_tensor_cores>, .tensor_cores = true },
    },
};

// ---- backward
namespace back {
enum { DOUT = OUT, DX_ROWS, DUP, DUP_BIAS, DDOWN, DDOWN_BIAS, DGATE_UP };

static void oracle(const int *s, Arrays t) {
    const DenseSizes dense = { s[D], s[F] };
    size_t d = (size_t)s[D], f = (size_t)s[F];
    Doubles scratch(3 * f);
    for (int e = 0; e < s[E]; e++) {
        GluWeights w = weights_of(s, t, e, UP), dw = weights_of(s, t, e, DUP);
        std::fill(dw.up, dw.up + 2 * d * f, 0.0);
        std::fill(dw.up_bias, dw.up_bias + 2 * f, 0.0);
        std::fill(dw.down, dw.down + d * f, 0.0);
        std::fill(dw.down_bias, dw.down_bias + d, 0.0);
        for (size_t r = (size_t)t[FIRST][e]; r < (size_t)t[FIRST][e + 1]; r++) {
            Doubles gate_up(t[GATE_UP] + r * 2 * f, t[GATE_UP] + (r + 1) * 2 * f);
            add_bias(gate_up.data(), w.up_bias, 1.0, s[F]);
            GluSaved saved = { gate_up.data(), t[HIDDEN] + r * f };
            glu_backward(t[DX_ROWS] + r * d, &dw, scratch.data(), t[DOUT] + r * d, &saved,
                         t[X_ROWS] + r * d, &w, &dense);
        }
    }
}

template <class Real>
using Backward = const char *(*)(Real *dx_rows, ExpertGradients dw, Real *dgate_up,
                                 ExpertRows<Real> rows, const int *first, Experts<Real> w,
                                 ExpertSizes s, cudaStream_t stream);
template <class Real, Backward<Real> launch> const char *run(const Arguments &a) {
    ExpertGradients dw = { a.get<float>(DUP), a.get<float>(DUP_BIAS), a.get<float>(DDOWN),
                           a.get<float>(DDOWN_BIAS) };
    ExpertRows<Real> rows = { a.get<Real>(X_ROWS), a.get<Real>(GATE_UP), a.get<Real>(HIDDEN),
                              a.get<Real>(DOUT) };
    return launch(a.get<Real>(DX_ROWS), dw, a.get<Real>(DGATE_UP), rows, a.get<int>(FIRST),
                  experts_of<Real>(a), sizes_of(a), a.stream);
}
} // namespace back

static const lesson::Task backward_task = {
    .name = "experts_backward",
    .summary = "the gradients of each row's input and of the experts' parameters",
    .size_names = "R D F E",
    .tensors = { { "first", Role::INPUT, Type::INT, "E+1" },
                 { "up", Role::INPUT, Type::REAL, "E D 2 F" },
                 { "up_bias", Role::INPUT, Type::FLOAT, "E 2 F" },
                 { "down", Role::INPUT, Type::REAL, "E F D" },
                 { "down_bias", Role::INPUT, Type::FLOAT, "E D" },
                 { "x_rows", Role::INPUT, Type::REAL, "R D" },
                 { "gate_up", Role::INPUT, Type::REAL, "R 2 F" },
                 { "hidden", Role::INPUT, Type::REAL, "R F" },
                 { "dout", Role::INPUT, Type::REAL, "R D" },
                 { "dx_rows", Role::OUTPUT, Type::REAL, "R D" },
                 { "dup", Role::OUTPUT, Type::FLOAT, "E D 2 F" },
                 { "dup_bias", Role::OUTPUT, Type::FLOAT, "E 2 F" },
                 { "ddown", Role::OUTPUT, Type::FLOAT, "E F D" },
                 { "ddown_bias", Role::OUTPUT, Type::FLOAT, "E D" },
                 { "dgate_up", Role::SCRATCH, Type::REAL, "R 2 F" } },
    .prepare = prepare,
    .oracle = back::oracle,
    .tolerance_fp32 = 2e-6, // largest found: 5e-7
    .tolerance_bf16 = 1e-2, // each of the steps is rounded to bf16
    .flops = [](const int *s) { return 12.0 * s[R] * s[D] * s[F]; },
    .test_sizes = sizes,
    .profile_size = { 256, 64, 64, 4 },
    .bench_size = { 16384, 1024, 1024, 8 },
    .versions = {
        { .name = "atomics", .file = "backward_1_atomics.cuh",
          .fp32 = back::run<float, backward_atomics<float>>,
          .bf16 = back::run<bf16, backward_atomics<bf16>>, .varies = true },
        { .name = "grouped", .file = "backward_2_grouped.cuh",
          .fp32 = back::run<float, backward_grouped<float>>,
          .bf16 = back::run<bf16, backward_grouped<bf16>> },
        { .name = "tensor_cores", .file = "backward_3_tensor_cores.cuh", .fp32 = nullptr,
          .bf16 = back::run<bf16, backward_tensor_cores>, .tensor_cores = true },
    },
};

} // namespace experts
