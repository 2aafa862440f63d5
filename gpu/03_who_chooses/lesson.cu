// Lesson 03: who chooses? The selection of expert choice and of the unified pool.
#include "gpu/02_mixture_of_experts/test_gatings.h"
#include "gpu/03_who_chooses/list.cuh"
#include "gpu/03_who_chooses/scores.cuh"
#include "gpu/03_who_chooses/select_1_thread.cuh"
#include "gpu/03_who_chooses/select_2_sort.cuh"
#include "gpu/03_who_chooses/select_3_radix.cuh"
#include "gpu/03_who_chooses/select_4_aggregated.cuh"
#include "gpu/03_who_chooses/select_5_grid.cuh"
#include "gpu/lesson.h"
#include <cmath>
#include <memory>
extern "C" {
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/03_who_chooses/routing.h"
}

using lesson::Arguments, lesson::Arrays, lesson::Role, lesson::Type;
typedef std::vector<double> Doubles;

// ---- select: the whole way from scores to the gating. BUDGET is in tenths of an expert per token.
namespace select_task {
enum { N, T, E, KIND, BUDGET };
enum { SCORE, TOKENS, START, INDEX, WEIGHT, LEAST, SEARCH, LIST };

// Many equal scores, in every second token; every fifth token is padding.
static void prepare(const int *size, Arrays t) {
    for (int i = 0; i < size[N]; i++) t[TOKENS][i] = size[N] > 3 ? scrambled(i, 5) : 1;
    for (int i = 0; i < size[N] * size[E]; i++) {
        if (i / size[E] % 2 == 0) t[SCORE][i] = std::round(2 * t[SCORE][i]) / 2;
    }
}

static void oracle(const int *size, Arrays t) {
    size_t cells = (size_t)size[N] * (size_t)size[E];
    const RoutingKind kinds[] = { EXPERT_CHOICE, UNIFIED_SEQUENCE, UNIFIED_STEP };
    const RoutingRule rule = { kinds[size[KIND] - EXPERT_POOLS], size[BUDGET] / 10.0, 0.0 };
    std::unique_ptr<bool[]> pad(new bool[(size_t)size[N]]);
    for (int i = 0; i < size[N]; i++) pad[(size_t)i] = t[TOKENS][i] == PADDING_TOKEN;
    const RoutingTable table = { size[N] / size[T], size[T], size[E], t[SCORE], pad.get() };
    std::vector<int> start((size_t)size[N] + 1), index(cells), ints(3 * cells);
    Doubles scratch(cells);
    MoeGating gating = { size[N], start.data(), index.data(), t[WEIGHT] };
    std::fill(t[WEIGHT], t[WEIGHT] + cells, 0.0);
    route_tokens(&gating, scratch.data(), ints.data(), &table, &rule);
    std::copy(start.begin(), start.end(), t[START]);
    std::copy(index.begin(), index.end(), t[INDEX]);
}

typedef const char *(*Select)(Key *least, const Pools &p, void *scratch, cudaStream_t stream);
template <Select launch> const char *run(const Arguments &a) {
    const Pools p = { a.size[KIND],          a.size[N],           a.size[T],         a.size[E],
                      a.size[BUDGET] / 10.0, a.get<float>(SCORE), a.get<int>(TOKENS) };
    const char *refusal = launch(a.get<Key>(LEAST), p, a.get<void>(SEARCH), a.stream);
    if (refusal) return refusal;
    size_t cells = (size_t)p.N * (size_t)p.E; // entries that there are not count as 0
    cudaMemsetAsync(a.get<int>(INDEX), 0, cells * sizeof(int), a.stream);
    cudaMemsetAsync(a.get<float>(WEIGHT), 0, cells * sizeof(float), a.stream);
    return list_entries(a.get<int>(START), a.get<int>(INDEX), a.get<float>(WEIGHT),
                        a.get<Key>(LEAST), p, a.get<int>(LIST), a.stream);
}

static const lesson::Task task = {
    .name = "select",
    .summary = "the best cells of each pool of a table, as a gating",
    .size_names = "N T E KIND BUDGET",
    .tensors = { { "score", Role::INPUT, Type::FLOAT, "N E" },
                 { "tokens", Role::INPUT, Type::INT, "N" },
                 { "start", Role::OUTPUT, Type::INT, "N+1" },
                 { "index", Role::OUTPUT, Type::INT, "N E" },
                 { "weight", Role::OUTPUT, Type::FLOAT, "N E" },
                 { "least", Role::SCRATCH, Type::INT, "2 N E" },
                 { "search", Role::SCRATCH, Type::INT, "E 260" },
                 { "list", Role::SCRATCH, Type::INT, "2 N+2" } },
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 0,
    .flops = [](const int *) { return 0.0; },
    .floor_bytes =
        [](const int *s, int) {
            return 4.0 * s[N] * s[E] + 4.0 * s[N] + 8.0 * s[N] * s[BUDGET] / 10;
        },
    .test_sizes = { { 1, 1, 1, EXPERT_POOLS, 10 },
                    { 1, 1, 1, SEQUENCE_POOLS, 4 },
                    { 3, 1, 5, STEP_POOLS, 15 },
                    { 35, 7, 3, EXPERT_POOLS, 20 },
                    { 35, 7, 3, SEQUENCE_POOLS, 15 },
                    { 35, 7, 3, STEP_POOLS, 25 },
                    { 301, 43, 8, EXPERT_POOLS, 20 },
                    { 298, 149, 5, SEQUENCE_POOLS, 10 },
                    { 262, 2, 31, STEP_POOLS, 70 },
                    { 33, 33, 37, EXPERT_POOLS, 370 } },
    .profile_size = { 1024, 128, 8, EXPERT_POOLS, 20 },
    .bench_size = { 32768, 1024, 8, EXPERT_POOLS, 20 },
    .versions = {
        { .name = "thread",
          .file = "select_1_thread.cuh",
          .fp32 = run<select_thread>,
          .refuses = { { 3, 2, 1, STEP_POOLS, 10 } } },
        { .name = "sort",
          .file = "select_2_sort.cuh",
          .fp32 = run<select_sort>,
          .refuses = { { 4097, 1, 1, EXPERT_POOLS, 1 } } },
        { .name = "radix",
          .file = "select_3_radix.cuh",
          .fp32 = run<select_radix>,
          .refuses = { { 3, 2, 1, STEP_POOLS, 10 } } },
        { .name = "aggregated",
          .file = "select_4_aggregated.cuh",
          .fp32 = run<select_aggregated>,
          .refuses = { { 3, 2, 1, STEP_POOLS, 10 } } },
        { .name = "grid",
          .file = "select_5_grid.cuh",
          .fp32 = run<select_grid>,
          .refuses = { { 3, 2, 1, STEP_POOLS, 10 } } },
    },
};
} // namespace select_task

// ---- scores and their gradient. ALPHA is in tenths.
namespace scores_task {
enum { N, E, K, ALPHA };
enum { LOGITS, START, INDEX, DWEIGHT, P, LOG_SUM, SCORE, DLOGITS };

static void prepare(const int *size, Arrays t) {
    make_gating(t[START], t[INDEX], size[N], size[E], size[K]);
}

static void oracle(const int *size, Arrays t) {
    size_t e = (size_t)size[E];
    double alpha = size[ALPHA] / 10.0;
    Doubles dscore((size_t)size[N] * e);
    for (size_t i = 0; i < (size_t)size[N]; i++) {
        t[LOG_SUM][i] = softmax_row(t[P] + i * e, t[LOGITS] + i * e, size[E]);
        for (size_t k = (size_t)t[START][i]; k < (size_t)t[START][i + 1]; k++)
            dscore[i * e + (size_t)t[INDEX][k]] = t[DWEIGHT][k];
    }
    unified_scores(t[SCORE], t[LOGITS], t[P], alpha, size[N], size[E]);
    unified_scores_backward(t[DLOGITS], dscore.data(), t[LOGITS], t[P], alpha, size[N], size[E]);
}

static const char *run(const Arguments &a) {
    float alpha = (float)a.size[ALPHA] / 10.0f;
    const char *refusal =
        unified_scores(a.get<float>(P), a.get<float>(LOG_SUM), a.get<float>(SCORE),
                       a.get<float>(LOGITS), alpha, a.size[N], a.size[E], a.stream);
    if (refusal) return refusal;
    return unified_scores_backward(a.get<float>(DLOGITS), a.get<float>(DWEIGHT), a.get<float>(P),
                                   a.get<float>(LOGITS), a.get<int>(START), a.get<int>(INDEX),
                                   alpha, a.size[N], a.size[E], a.stream);
}

static const lesson::Task task = {
    .name = "scores",
    .summary = "the scores of the unified pool, and the logits' gradient",
    .size_names = "N E K ALPHA",
    .tensors = { { "logits", Role::INPUT, Type::FLOAT, "N E" },
                 { "start", Role::INPUT, Type::INT, "N+1" },
                 { "index", Role::INPUT, Type::INT, "N K" },
                 { "dweight", Role::INPUT, Type::FLOAT, "N K" },
                 { "p", Role::OUTPUT, Type::FLOAT, "N E" },
                 { "log_sum", Role::OUTPUT, Type::FLOAT, "N" },
                 { "score", Role::OUTPUT, Type::FLOAT, "N E" },
                 { "dlogits", Role::OUTPUT, Type::FLOAT, "N E" } },
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 1e-6,
    .flops = [](const int *s) { return 20.0 * s[N] * s[E]; },
    .test_sizes = { { 1, 1, 1, 5 }, { 3, 5, 2, 0 }, { 33, 8, 2, 5 }, { 7, 67, 31, 10 } },
    .profile_size = { 1024, 8, 2, 5 },
    .bench_size = { 32768, 8, 2, 5 },
    .versions = { { .name = "warp", .file = "scores.cuh", .fp32 = run } },
};
} // namespace scores_task

static const lesson::Lesson who_chooses("03_who_chooses", { select_task::task, scores_task::task });
