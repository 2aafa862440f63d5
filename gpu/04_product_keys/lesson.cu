// Lesson 04: the selection of product keys, and its backward.
#include "gpu/04_product_keys/1_thread.cuh"
#include "gpu/04_product_keys/2_warp.cuh"
#include "gpu/04_product_keys/3_network.cuh"
#include "gpu/04_product_keys/backward_1_scatter.cuh"
#include "gpu/04_product_keys/backward_2_gather.cuh"
#include "gpu/lesson.h"
#include <cmath>
extern "C" {
#include "chapters/04_product_keys/product_keys.h"
#include "reference/numbers/random.h"
}

typedef __nv_bfloat16 bf16;
using lesson::Arguments, lesson::Arrays, lesson::Role, lesson::Type;

// The sizes of both tasks. P is the number of parts: 2 for product keys, 1 for a flat list.
enum { T, C, n, K, P };

static KeySizes sizes_of(const int *size) {
    return { size[T], size[C], size[n], size[K], size[P] == 1 ? 1 : 2 };
}

// ---- top_k
namespace top {
enum { SCORES, BY_KEY, SCORE, INDEX };

// Multiples of 1/256, so that sums are exact in every precision and some of them are equal; and the
// same scores in the other order.
static void prepare(const int *size, Arrays t) {
    const KeySizes s = sizes_of(size);
    const size_t keys = (size_t)s.lists() * (size_t)s.n, tokens = (size_t)s.T;
    for (size_t i = 0; i < keys * tokens; i++) {
        t[SCORES][i] = std::round(256 * t[SCORES][i]) / 256;
        t[BY_KEY][i % keys * tokens + i / keys] = t[SCORES][i];
    }
}

static void oracle(const int *size, Arrays t) {
    const KeySizes s = sizes_of(size);
    const size_t width = (size_t)s.n, selected = (size_t)s.K, lists = (size_t)s.lists();
    std::vector<int> index(selected), scratch(2 * selected);
    for (size_t row = 0; row < (size_t)s.T * (size_t)s.C; row++) {
        const double *a = t[SCORES] + (row / s.C * lists + row % s.C) * width;
        double *score = t[SCORE] + row * selected;
        if (s.parts == 2) {
            product_top_k(score, index.data(), a, a + (size_t)s.C * width, s.n, s.K,
                          scratch.data());
        } else {
            top_k(index.data(), a, s.n, s.K);
            for (size_t k = 0; k < selected; k++) score[k] = a[index[k]];
        }
        for (size_t k = 0; k < selected; k++) t[INDEX][row * selected + k] = index[k];
    }
}

using Launch = const char *(*)(float *score, int *index, KeyScores scores, KeySizes s,
                               cudaStream_t stream);
template <Launch launch, bool by_key> const char *run(const Arguments &a) {
    KeySizes s = sizes_of(a.size);
    return launch(a.get<float>(SCORE), a.get<int>(INDEX),
                  by_key ? key_major(a.get<float>(BY_KEY), s)
                         : token_major(a.get<float>(SCORES), s),
                  s, a.stream);
}

static const lesson::Size too_many_selected = { 3, 1, 5, 6, 2 };

static const lesson::Task task = {
    .name = "top_k",
    .summary = "the K best of the n·n sums of two lists of scores",
    .size_names = "T C n K P",
    .tensors = { { "scores", Role::INPUT, Type::FLOAT, "T C n P" },
                 { "scores by key", Role::INPUT, Type::FLOAT, "P C n T" },
                 { "score", Role::OUTPUT, Type::FLOAT, "T C K" },
                 { "index", Role::OUTPUT, Type::INT, "T C K" } },
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 0, // additions of two numbers, all exact
    .flops =
        [](const int *size) { return 1.0 * size[T] * size[C] * product_candidates(size[K]); },
    // either of the two orders
    .floor_bytes =
        [](const int *size, int) {
            return 4.0 * size[T] * size[C] * ((double)size[n] * size[P] + 2.0 * size[K]);
        },
    .test_sizes = { { 1, 1, 1, 1, 2 },
                    { 3, 2, 5, 3, 2 },
                    { 33, 3, 7, 7, 2 },
                    { 65, 2, 33, 8, 2 },
                    { 5, 1, 40, 13, 2 },
                    { 3, 1, 40, 37, 2 },
                    { 67, 3, 130, 5, 1 },
                    { 2, 1, 70, 64, 1 } },
    .profile_size = { 512, 8, 32, 8, 2 },
    .bench_size = { 65536, 8, 32, 8, 2 },
    .versions = {
        { .name = "thread",
          .file = "1_thread.cuh",
          .fp32 = run<select_thread, false>,
          .refuses = { too_many_selected, { 1, 1, 65, 65, 1 } } },
        { .name = "warp",
          .file = "2_warp.cuh",
          .fp32 = run<select_warp, false>,
          .refuses = { too_many_selected, { 1, 1, 769, 769, 1 } } },
        { .name = "network",
          .file = "3_network.cuh",
          .fp32 = run<select_keys, true>,
          .refuses = { too_many_selected } },
    },
};
} // namespace top

// ---- backward
namespace backward {
enum { DSCORE, INDEX, DSCORES };

// K different keys in each row.
static void prepare(const int *size, Arrays t) {
    const KeySizes s = sizes_of(size);
    const uint64_t key = random_key(1, "selected keys"),
                   choices = (uint64_t)s.n * (s.parts == 2 ? s.n : 1);
    for (size_t i = 0; i < (size_t)s.T * s.C * s.K; i++) {
        uint64_t first = random_below(key, i / s.K, choices);
        t[INDEX][i] = (double)((first + i % s.K * 7919) % choices);
    }
}

static void oracle(const int *size, Arrays t) {
    const KeySizes s = sizes_of(size);
    const size_t width = (size_t)s.n, selected = (size_t)s.K, lists = (size_t)s.lists();
    std::fill(t[DSCORES], t[DSCORES] + (size_t)s.T * lists * width, 0.0);
    for (size_t row = 0; row < (size_t)s.T * (size_t)s.C; row++) {
        const double *dscore = t[DSCORE] + row * selected;
        const std::vector<int> index(t[INDEX] + row * selected, t[INDEX] + (row + 1) * selected);
        double *da = t[DSCORES] + (row / s.C * lists + row % s.C) * width;
        if (s.parts == 2) {
            product_backward(da, da + (size_t)s.C * width, dscore, index.data(), s.n, s.K);
        } else {
            for (size_t k = 0; k < selected; k++) da[index[k]] += dscore[k];
        }
    }
}

template <class Real>
using Launch = const char *(*)(Real *dscores, const float *dscore, const int *index, KeySizes s,
                               cudaStream_t stream);
template <class Real, Launch<Real> launch> const char *run(const Arguments &a) {
    return launch(a.get<Real>(DSCORES), a.get<float>(DSCORE), a.get<int>(INDEX), sizes_of(a.size),
                  a.stream);
}

static const lesson::Task task = {
    .name = "backward",
    .summary = "the gradient of the selected scores to the scores of all keys",
    .size_names = "T C n K P",
    .tensors = { { "dscore", Role::INPUT, Type::FLOAT, "T C K" },
                 { "index", Role::INPUT, Type::INT, "T C K" },
                 { "dscores", Role::OUTPUT, Type::REAL, "T C n P" } },
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 1e-6,
    .tolerance_bf16 = 2e-2, // scatter rounds after each addition
    .flops = [](const int *size) { return (double)size[T] * size[C] * size[K] * size[P]; },
    .test_sizes = { { 1, 1, 1, 1, 2 },
                    { 3, 2, 5, 3, 2 },
                    { 33, 3, 7, 7, 2 },
                    { 5, 1, 40, 37, 2 },
                    { 67, 3, 130, 5, 1 } },
    .profile_size = { 512, 8, 32, 8, 2 },
    .bench_size = { 65536, 8, 32, 8, 2 },
    .versions = {
        { .name = "scatter",
          .file = "backward_1_scatter.cuh",
          .fp32 = run<float, spread_scatter<float>>,
          .bf16 = run<bf16, spread_scatter<bf16>>,
          .refuses = { top::too_many_selected } },
        { .name = "gather",
          .file = "backward_2_gather.cuh",
          .fp32 = run<float, spread_gradient<float>>,
          .bf16 = run<bf16, spread_gradient<bf16>>,
          .refuses = { top::too_many_selected } },
    },
};
} // namespace backward

static const lesson::Lesson product_keys("04_product_keys", { top::task, backward::task });
