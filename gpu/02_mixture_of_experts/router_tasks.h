// The tasks of the router: choosing, sorting, balancing.
#pragma once
#include "gpu/02_mixture_of_experts/balance.cuh"
#include "gpu/02_mixture_of_experts/dispatch_1_expert.cuh"
#include "gpu/02_mixture_of_experts/dispatch_2_blocks.cuh"
#include "gpu/02_mixture_of_experts/dispatch_3_match.cuh"
#include "gpu/02_mixture_of_experts/router_1_thread.cuh"
#include "gpu/02_mixture_of_experts/router_2_warp.cuh"
#include "gpu/02_mixture_of_experts/router_3_group.cuh"
#include "gpu/02_mixture_of_experts/router_backward.cuh"
#include "gpu/02_mixture_of_experts/test_gatings.h"
#include "gpu/lesson.h"
#include <cmath>
extern "C" {
#include "chapters/02_mixture_of_experts/balance.h"
#include "chapters/02_mixture_of_experts/moe.h"
#include "chapters/02_mixture_of_experts/softmax.h"
}

namespace router {
using lesson::Arguments, lesson::Arrays, lesson::Role, lesson::Type;
typedef std::vector<double> Doubles;

enum { N, E, K, BIASED }; // sizes

// The chapter's gating has ints; the arrays of a task are doubles.
struct ChapterGating {
    std::vector<int> start, index;
    Doubles weight;
    MoeGating view;
    ChapterGating(int n, size_t entries) : start((size_t)n + 1), index(entries), weight(entries) {
        view = { n, start.data(), index.data(), weight.data() };
    }
};
static ChapterGating chapter_gating(const double *start, const double *index, int n) {
    ChapterGating g(n, (size_t)start[n]);
    g.start.assign(start, start + n + 1);
    g.index.assign(index, index + (size_t)start[n]);
    g.view.start = g.start.data();
    g.view.index = g.index.data();
    return g;
}

// ---- router
enum { LOGITS, BIAS, P, LOG_SUM, START, INDEX, WEIGHT };

typedef const char *(*Router)(const TokenChoice *out, const float *logits, const float *bias, int N,
                              int E, int K, cudaStream_t stream);
template <Router launch> const char *route(const Arguments &a) {
    TokenChoice out = { a.get<float>(P), a.get<float>(LOG_SUM), a.get<int>(START),
                        a.get<int>(INDEX), a.get<float>(WEIGHT) };
    const float *bias = a.size[BIASED] ? a.get<float>(BIAS) : nullptr;
    return launch(&out, a.get<float>(LOGITS), bias, a.size[N], a.size[E], a.size[K], a.stream);
}

// Every fifth token has equal logits, so that ties decide.
static void add_ties(const int *size, Arrays t) {
    for (int i = 0; i < size[N] * size[E]; i++) {
        if (i / size[E] % 5 == 4) t[LOGITS][i] = i % size[E] % 2;
    }
}

static void route_oracle(const int *size, Arrays t) {
    size_t n = (size_t)size[N], e = (size_t)size[E];
    const Moe m = { 0, 0, size[E], size[K], SOFTMAX_TOP_K };
    for (size_t i = 0; i < n; i++)
        t[LOG_SUM][i] = softmax_row(t[P] + i * e, t[LOGITS] + i * e, size[E]);
    ChapterGating g(size[N], n * (size_t)size[K]);
    Doubles scratch(e);
    moe_route(&g.view, scratch.data(), t[LOGITS], t[P], size[BIASED] ? t[BIAS] : nullptr, size[N],
              &m);
    std::copy(g.start.begin(), g.start.end(), t[START]);
    std::copy(g.index.begin(), g.index.end(), t[INDEX]);
    std::copy(g.weight.begin(), g.weight.end(), t[WEIGHT]);
}

static const lesson::Task route_task = {
    .name = "router",
    .summary = "p = softmax(logits), and the K best experts of each token",
    .size_names = "N E K BIASED",
    .tensors = { { "logits", Role::INPUT, Type::FLOAT, "N E" },
                 { "bias", Role::INPUT, Type::FLOAT, "E" },
                 { "p", Role::OUTPUT, Type::FLOAT, "N E" },
                 { "log_sum", Role::OUTPUT, Type::FLOAT, "N" },
                 { "start", Role::OUTPUT, Type::INT, "N+1" },
                 { "index", Role::OUTPUT, Type::INT, "N K" },
                 { "weight", Role::OUTPUT, Type::FLOAT, "N K" } },
    .prepare = add_ties,
    .oracle = route_oracle,
    .tolerance_fp32 = 1e-6, // largest found: 2.2e-7
    .flops = [](const int *s) { return (double)s[N] * s[E] * (4 + s[K]); },
    .test_sizes = { { 1, 1, 1, 0 }, { 3, 2, 2, 1 }, { 7, 5, 3, 0 }, { 33, 8, 2, 1 },
                    { 31, 13, 4, 0 }, { 65, 31, 5, 1 }, { 17, 37, 3, 0 }, { 5, 129, 129, 1 } },
    .profile_size = { 1024, 8, 2, 0 },
    .bench_size = { 262144, 8, 2, 0 },
    .versions = {
        { .name = "thread", .file = "router_1_thread.cuh", .fp32 = route<router_thread>,
          .refuses = { { 3, 2, 3, 0 } } },
        { .name = "warp", .file = "router_2_warp.cuh", .fp32 = route<router_warp>,
          .refuses = { { 3, 2, 3, 0 } } },
        { .name = "group", .file = "router_3_group.cuh", .fp32 = route<router_group>,
          .refuses = { { 3, 2, 3, 0 } } },
    },
};

// ---- router_backward
namespace backward {
enum { P, START, INDEX, DWEIGHT, DLOGITS };

static void prepare(const int *size, Arrays t) {
    make_gating(t[START], t[INDEX], size[N], size[E], size[K]);
    for (int i = 0; i < size[N]; i++) {
        double *p = t[P] + (size_t)i * (size_t)size[E];
        softmax_row(p, p, size[E]);
    }
}

static void oracle(const int *size, Arrays t) {
    ChapterGating g = chapter_gating(t[START], t[INDEX], size[N]);
    for (int i = 0; i < size[N]; i++) { // moe_route_backward has K entries for each token
        Moe m = { 0, 0, size[E], g.start[i + 1] - g.start[i], SOFTMAX_TOP_K };
        size_t first = (size_t)g.start[i], row = (size_t)i * (size_t)size[E];
        int start[2] = { 0, m.K };
        MoeGating own = { 1, start, g.index.data() + first, t[P] }; // weights are not read
        Doubles weight((size_t)m.K + 1);
        own.weight = weight.data();
        moe_route_backward(t[DLOGITS] + row, t[DWEIGHT] + first, &own, t[P] + row, &m);
    }
}

static const char *run(const Arguments &a) {
    return router_backward(a.get<float>(DLOGITS), a.get<float>(DWEIGHT), a.get<float>(P),
                           a.get<int>(START), a.get<int>(INDEX), 1.0f, a.size[N], a.size[E],
                           a.stream);
}
} // namespace backward

static const lesson::Task backward_task = {
    .name = "router_backward",
    .summary = "dlogits from the gradients of the weights",
    .size_names = "N E K",
    .tensors = { { "p", Role::INPUT, Type::FLOAT, "N E" },
                 { "start", Role::INPUT, Type::INT, "N+1" },
                 { "index", Role::INPUT, Type::INT, "N K" },
                 { "dweight", Role::INPUT, Type::FLOAT, "N K" },
                 { "dlogits", Role::OUTPUT, Type::FLOAT, "N E" } },
    .prepare = backward::prepare,
    .oracle = backward::oracle,
    .tolerance_fp32 = 1e-6,
    .flops = [](const int *s) { return (double)s[N] * (2 * s[E] + 3 * s[K]); },
    .test_sizes = { { 1, 1, 1 }, { 3, 5, 2 }, { 33, 8, 2 }, { 7, 67, 31 } },
    .profile_size = { 1024, 8, 2 },
    .bench_size = { 262144, 8, 2 },
    .versions = { { .name = "warp", .file = "router_backward.cuh", .fp32 = backward::run } },
};

// ---- dispatch
namespace dispatch {
enum { START, INDEX, FIRST, ROW, SCRATCH };

typedef const char *(*Dispatch)(int *first, int *row, const int *start, const int *index, int N,
                                int E, int capacity, int *scratch, cudaStream_t stream);
template <Dispatch launch> const char *run(const Arguments &a) {
    return launch(a.get<int>(FIRST), a.get<int>(ROW), a.get<int>(START), a.get<int>(INDEX),
                  a.size[N], a.size[E], a.size[N] * a.size[K] + SPARE_CAPACITY, a.get<int>(SCRATCH),
                  a.stream);
}

static void prepare(const int *size, Arrays t) {
    make_gating(t[START], t[INDEX], size[N], size[E], size[K]);
}

// Plain C of one line per row: a row's place is the number of entries that come before it.
static void oracle(const int *size, Arrays t) {
    int entries = (int)t[START][size[N]];
    const double *index = t[INDEX];
    for (int e = 0; e <= size[E]; e++) {
        t[FIRST][e] = 0;
        for (int i = 0; i < entries; i++) t[FIRST][e] += index[i] < e;
    }
    for (int i = 0; i < entries; i++) {
        t[ROW][i] = t[FIRST][(int)index[i]];
        for (int j = 0; j < i; j++) t[ROW][i] += index[j] == index[i];
    }
}
} // namespace dispatch

static const lesson::Task dispatch_task = {
    .name = "dispatch",
    .summary = "the entries of a gating, sorted by expert",
    .size_names = "N E K",
    .tensors = { { "start", Role::INPUT, Type::INT, "N+1" },
                 { "index", Role::INPUT, Type::INT, "N K" },
                 { "first", Role::OUTPUT, Type::INT, "E+1" },
                 { "row", Role::OUTPUT, Type::INT, "N K" },
                 { "scratch", Role::SCRATCH, Type::INT, "E+1 N+7 K" } },
    .prepare = dispatch::prepare,
    .oracle = dispatch::oracle,
    .tolerance_fp32 = 0,
    .flops = [](const int *) { return 0.0; },
    .test_sizes = { { 1, 1, 1 }, { 3, 5, 2 }, { 129, 2, 2 }, { 257, 7, 3 }, { 37, 300, 11 } },
    .profile_size = { 1024, 8, 2 },
    .bench_size = { 262144, 8, 2 },
    .versions = {
        { .name = "expert", .file = "dispatch_1_expert.cuh",
          .fp32 = dispatch::run<dispatch_expert> },
        { .name = "blocks", .file = "dispatch_2_blocks.cuh",
          .fp32 = dispatch::run<dispatch_blocks>, .refuses = { { 1, 1025, 1 } } },
        { .name = "match", .file = "dispatch_3_match.cuh",
          .fp32 = dispatch::run<dispatch_match>, .refuses = { { 1, 1025, 1 } } },
    },
};

// ---- balance
namespace balance {
enum { P, LOG_SUM, TOKENS, START, INDEX, COUNT, LOSS, DLOGITS, BIAS, SCRATCH };
constexpr float SWITCH_LOSS = 0.75f, Z_LOSS = 0.25f, BIAS_STEP = 0.125f;

static void prepare(const int *size, Arrays t) {
    double *arrays[] = { t[P], t[START], t[INDEX] };
    backward::prepare(size, arrays);
    for (int i = 0; i < size[N]; i++) t[TOKENS][i] = scrambled(i, 4); // 0: padding
}

static void oracle(const int *size, Arrays t) {
    int e = size[E], n = 0;
    Doubles p, logits, scratch((size_t)e);
    std::vector<int> count((size_t)e), tokens; // that are not padding
    for (int i = 0; i < size[N]; i++) {
        if (t[TOKENS][i] == 0) continue;
        for (int k = 0; k < e; k++) {
            p.push_back(t[P][i * e + k]);
            logits.push_back(std::log(p.back()) + t[LOG_SUM][i]);
        }
        for (int k = (int)t[START][i]; k < (int)t[START][i + 1]; k++) count[(int)t[INDEX][k]]++;
        tokens.push_back(i);
    }
    n = (int)tokens.size();
    std::copy(count.begin(), count.end(), t[COUNT]);
    t[COUNT][e] = n;
    moe_bias_step(t[BIAS], count.data(), BIAS_STEP, e);
    if (n == 0) return;
    *t[LOSS] += moe_switch_loss(p.data(), count.data(), SWITCH_LOSS, n, e) +
                moe_z_loss(scratch.data(), logits.data(), Z_LOSS, n, e);
    Doubles d((size_t)n * (size_t)e);
    moe_switch_backward(d.data(), scratch.data(), p.data(), count.data(), SWITCH_LOSS, n, e);
    moe_z_backward(d.data(), scratch.data(), logits.data(), Z_LOSS, n, e);
    for (int i = 0; i < n * e; i++) t[DLOGITS][tokens[(size_t)(i / e)] * e + i % e] += d[(size_t)i];
}

static const char *run(const Arguments &a) {
    Balance b = { a.get<float>(P),    a.get<float>(LOG_SUM),
                  a.get<int>(TOKENS), a.get<int>(COUNT),
                  SWITCH_LOSS,        Z_LOSS,
                  a.size[N],          a.size[E] };
    const char *refusal = balance_count(a.get<int>(COUNT), a.get<int>(START), a.get<int>(INDEX),
                                        b.tokens, b.N, b.E, a.stream);
    if (!refusal) refusal = balance_loss(a.get<float>(LOSS), b, a.get<double>(SCRATCH), a.stream);
    if (!refusal) refusal = balance_backward(a.get<float>(DLOGITS), b, a.stream);
    if (!refusal) refusal = balance_bias(a.get<float>(BIAS), b.count, BIAS_STEP, b.E, a.stream);
    return refusal;
}
} // namespace balance

static const lesson::Task balance_task = {
    .name = "balance",
    .summary = "the Switch loss, the z-loss, their gradients, and a step of the bias",
    .size_names = "N E K",
    .tensors = { { "p", Role::INPUT, Type::FLOAT, "N E" },
                 { "log_sum", Role::INPUT, Type::FLOAT, "N" },
                 { "tokens", Role::INPUT, Type::INT, "N" },
                 { "start", Role::INPUT, Type::INT, "N+1" },
                 { "index", Role::INPUT, Type::INT, "N K" },
                 { "count", Role::OUTPUT, Type::INT, "E+1" },
                 { "loss", Role::INOUT, Type::FLOAT, "1" },
                 { "dlogits", Role::INOUT, Type::FLOAT, "N E" },
                 { "bias", Role::INOUT, Type::FLOAT, "E" },
                 { "scratch", Role::SCRATCH, Type::INT, "2 N+8" } },
    .prepare = balance::prepare,
    .oracle = balance::oracle,
    .tolerance_fp32 = 1e-6,
    .flops = [](const int *s) { return 10.0 * s[N] * s[E]; },
    .test_sizes = { { 1, 1, 1 }, { 3, 5, 2 }, { 33, 8, 2 }, { 257, 37, 5 } },
    .profile_size = { 1024, 8, 2 },
    .bench_size = { 262144, 8, 2 },
    .versions = { { .name = "warp", .file = "balance.cuh", .fp32 = balance::run } },
};

} // namespace router
