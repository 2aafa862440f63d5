// Lesson 06: the neurons of sgatlin, forward and backward, from a given gating.
#include "gpu/06_sgatlin/1_dense.cuh"
#include "gpu/06_sgatlin/2_warp.cuh"
#include "gpu/06_sgatlin/3_vectors.cuh"
#include "gpu/06_sgatlin/4_transpose.cuh"
#include "gpu/06_sgatlin/5_slices.cuh"
#include "gpu/06_sgatlin/backward_1_atomics.cuh"
#include "gpu/06_sgatlin/backward_2_sorted.cuh"
#include "gpu/06_sgatlin/backward_3_chunks.cuh"
#include "gpu/06_sgatlin/tasks.h"
#include "gpu/lesson.h"
extern "C" {
#include "chapters/06_sgatlin/sgatlin.h"
}

typedef __nv_bfloat16 bf16;
using lesson::Arguments, lesson::Arrays, lesson::Role, lesson::Type;

// The sizes of all tasks. A is the activation: 1 identity, 2 relu, 3 gelu, 4 swish.
enum { T, D, F, C, K, A };

static NeuronSizes sizes_of(const int *size) {
    return { size[T], size[D], size[F], size[C], size[K], size[C] };
}
static NeuronActivation activation_of(const int *size) {
    return (NeuronActivation)((size[A] - 1) % 4);
}

static Sgatlin chapter_sizes(const int *size) {
    return { .router = PRODUCT_DENSE,
             .activation = (SgatlinActivation)((size[A] - 1) % 4),
             .D = size[D],
             .F = size[F],
             .C = size[C],
             .K = size[K],
             .Dk = 1 };
}

// ---- forward
namespace forward {
enum { X, INDEX, SCORE, IN, OUT, Y, Z, SUMS, HIDDEN, PARTIAL };

static void prepare(const int *size, Arrays t) {
    gating::prepare(sizes_of(size), t[INDEX], t[IN], t[OUT]);
}

static void oracle(const int *size, Arrays t) {
    const Sgatlin s = chapter_sizes(size);
    const SgatlinWeights w = { {}, t[IN], t[OUT] };
    const size_t slots = (size_t)size[C] * size[K];
    std::vector<int> index(slots);
    for (size_t i = 0; i < (size_t)size[T]; i++) {
        index.assign(t[INDEX] + i * slots, t[INDEX] + (i + 1) * slots);
        SgatlinToken saved = {};
        saved.index = index.data();
        saved.score = t[SCORE] + i * slots;
        saved.z = t[Z] + i * slots;
        sgatlin_experts(t[Y] + i * size[D], &saved, t[X] + i * size[D], &w, &s);
    }
}

template <class Real> const char *dense(const Arguments &a) {
    return sgatlin_dense(a.get<Real>(Y), a.get<float>(Z), a.get<float>(SUMS), a.get<Real>(HIDDEN),
                         a.get<Real>(X), a.get<int>(INDEX), a.get<float>(SCORE), a.get<Real>(IN),
                         a.get<Real>(OUT), activation_of(a.size), sizes_of(a.size), a.stream,
                         a.cublas);
}

template <class Real>
using Launch = const char *(*)(Real *y, float *z, const Real *x, const int *index,
                               const float *score, const Real *in, const Real *out,
                               NeuronActivation activation, NeuronSizes s, cudaStream_t stream);
template <class Real, Launch<Real> launch> const char *run(const Arguments &a) {
    return launch(a.get<Real>(Y), a.get<float>(Z), a.get<Real>(X), a.get<int>(INDEX),
                  a.get<float>(SCORE), a.get<Real>(IN), a.get<Real>(OUT), activation_of(a.size),
                  sizes_of(a.size), a.stream);
}

template <class Real> const char *slices(const Arguments &a) {
    return sgatlin_slices(a.get<Real>(Y), a.get<float>(Z), a.get<float>(PARTIAL), a.get<Real>(X),
                          a.get<int>(INDEX), a.get<float>(SCORE), a.get<Real>(IN), a.get<Real>(OUT),
                          activation_of(a.size), sizes_of(a.size), a.stream);
}

static const lesson::Size too_many_selected = { 1, 1, 1, 1, 2, 1 };
static const lesson::Size too_many_slots = { 1, 1, 1, 3073, 1, 1 };

static const lesson::Task task = {
    .name = "forward",
    .summary = "y = Σ act(score · (in · x)) · out over the selected neurons",
    .size_names = "T D F C K A",
    .tensors = gating::forward_tensors(
        "C F D",
        { { "sums", Role::SCRATCH, Type::FLOAT, "T C F" },
          { "hidden", Role::SCRATCH, Type::REAL, "T C F" },
          { "partial", Role::SCRATCH, Type::FLOAT, "",
            [](const int *size) { return slices_scratch_floats(sizes_of(size)); } } }),
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 2e-6,
    .tolerance_bf16 = 8e-3,
    .flops = [](const int *size) { return 2 * gating::entry_flops(sizes_of(size)); },
    .test_sizes = { { 1, 1, 1, 1, 1, 1 },
                    { 3, 7, 5, 1, 3, 2 },
                    { 5, 33, 7, 3, 2, 3 },
                    { 9, 40, 25, 2, 5, 4 },
                    { 17, 264, 9, 3, 3, 1 },
                    { 130, 72, 16, 2, 8, 1 } },
    .profile_size = { 512, 256, 128, 2, 8, 1 },
    .bench_size = { 16384, 256, 1024, 8, 8, 1 },
    .versions = {
        { .name = "dense",
          .file = "1_dense.cuh",
          .fp32 = dense<float>,
          .bf16 = dense<bf16>,
          .refuses = { too_many_selected },
          .library = true },
        { .name = "warp",
          .file = "2_warp.cuh",
          .fp32 = run<float, sgatlin_warp<float>>,
          .bf16 = run<bf16, sgatlin_warp<bf16>>,
          .refuses = { too_many_selected, too_many_slots } },
        { .name = "vectors",
          .file = "3_vectors.cuh",
          .fp32 = run<float, sgatlin_vectors<float>>,
          .bf16 = run<bf16, sgatlin_vectors<bf16>>,
          .refuses = { too_many_selected, too_many_slots } },
        { .name = "transpose",
          .file = "4_transpose.cuh",
          .fp32 = run<float, sgatlin_forward<float>>,
          .bf16 = run<bf16, sgatlin_forward<bf16>>,
          .refuses = { too_many_selected, too_many_slots } },
        { .name = "slices",
          .file = "5_slices.cuh",
          .fp32 = slices<float>,
          .bf16 = slices<bf16>,
          .refuses = { too_many_selected, too_many_slots,
                       // rows that are not a multiple of 16 bytes
                       { 1, 1, 1, 1, 1, 1 }, { 3, 7, 5, 1, 3, 2 }, { 5, 33, 7, 3, 2, 3 },
                       // rows of which 32 bytes each are too much for shared memory
                       { 1, 8, 100000, 1, 1, 1 } } },
    },
};
} // namespace forward

// ---- backward
namespace backward {
enum { X, INDEX, SCORE, Z, IN, OUT, DY, DX, DSCORE, DIN, DOUT, SCRATCH };

static void prepare(const int *size, Arrays t) {
    gating::prepare(sizes_of(size), t[INDEX], t[IN], t[OUT]);
}

static void oracle(const int *size, Arrays t) {
    const Sgatlin s = chapter_sizes(size);
    const SgatlinWeights w = { {}, t[IN], t[OUT] }, dw = { {}, t[DIN], t[DOUT] };
    const size_t slots = (size_t)size[C] * size[K], width = (size_t)size[D];
    std::vector<int> index(slots);
    std::fill(t[DX], t[DX] + (size_t)size[T] * width, 0.0);
    for (size_t i = 0; i < (size_t)size[T]; i++) {
        index.assign(t[INDEX] + i * slots, t[INDEX] + (i + 1) * slots);
        SgatlinToken saved = {};
        saved.index = index.data();
        saved.score = t[SCORE] + i * slots;
        saved.z = t[Z] + i * slots;
        sgatlin_experts_backward(t[DX] + i * width, t[DSCORE] + i * slots, &dw, t[DY] + i * width,
                                 &saved, t[X] + i * width, &w, &s);
    }
}

template <class Real>
using Launch = const char *(*)(Real *dx, float *dscore, float *din, float *dout,
                               BackwardScratch scratch, const Real *dy, const Real *x,
                               const int *index, const float *score, const float *z, const Real *in,
                               const Real *out, NeuronActivation activation, NeuronSizes s,
                               cudaStream_t stream);
template <class Real, Launch<Real> launch> const char *run(const Arguments &a) {
    NeuronSizes s = sizes_of(a.size);
    BackwardScratch scratch;
    backward_scratch(&scratch, a.get<void>(SCRATCH), s);
    return launch(a.get<Real>(DX), a.get<float>(DSCORE), a.get<float>(DIN), a.get<float>(DOUT),
                  scratch, a.get<Real>(DY), a.get<Real>(X), a.get<int>(INDEX), a.get<float>(SCORE),
                  a.get<float>(Z), a.get<Real>(IN), a.get<Real>(OUT), activation_of(a.size), s,
                  a.stream);
}

static const std::vector<lesson::Size> refused = { forward::too_many_selected,
                                                   forward::too_many_slots };

static const lesson::Task task = {
    .name = "backward",
    .summary = "dx, dscore, din += and dout += from dy",
    .size_names = "T D F C K A",
    .tensors = gating::backward_tensors(
        "C F D", [](const int *size) { return gating::scratch_floats(sizes_of(size)); }, {}),
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 2e-6,
    .tolerance_bf16 = 8e-3,
    .flops = [](const int *size) { return 4 * gating::entry_flops(sizes_of(size)); },
    .test_sizes = { { 1, 1, 1, 1, 1, 1 },
                    { 3, 7, 5, 1, 3, 2 },
                    { 5, 33, 7, 3, 2, 3 },
                    { 9, 40, 1025, 2, 5, 4 },
                    { 17, 264, 9, 3, 3, 1 },
                    { 641, 8, 5, 2, 3, 1 } },
    .profile_size = { 512, 256, 128, 2, 8, 1 },
    .bench_size = { 16384, 256, 1024, 8, 8, 1 },
    .versions = {
        { .name = "atomics",
          .file = "backward_1_atomics.cuh",
          .fp32 = run<float, sgatlin_backward_atomics<float>>,
          .bf16 = run<bf16, sgatlin_backward_atomics<bf16>>,
          .refuses = refused,
          .varies = true },
        { .name = "sorted",
          .file = "backward_2_sorted.cuh",
          .fp32 = run<float, sgatlin_backward_sorted<float>>,
          .bf16 = run<bf16, sgatlin_backward_sorted<bf16>>,
          .refuses = refused },
        { .name = "chunks",
          .file = "backward_3_chunks.cuh",
          .fp32 = run<float, sgatlin_backward<float>>,
          .bf16 = run<bf16, sgatlin_backward<bf16>>,
          .refuses = refused },
    },
};
} // namespace backward

// ---- sort
namespace sort {
enum { INDEX, ORDER, START, COUNTS };

static void prepare(const int *size, Arrays t) {
    gating::choose(t[INDEX], (size_t)size[T] * size[C], size[K], size[F]);
}

// order [C,T·K] and start [C,F+1]
static void oracle(const int *size, Arrays t) {
    const size_t own = (size_t)size[T] * size[K], neurons = (size_t)size[F];
    for (size_t c = 0; c < (size_t)size[C]; c++) {
        double *order = t[ORDER] + c * own, *start = t[START] + c * (neurons + 1);
        for (size_t i = 0; i < own; i++) {
            order[i] = (double)((i / size[K] * size[C] + c) * size[K] + i % size[K]);
            start[(size_t)t[INDEX][(size_t)order[i]] + 1]++;
        }
        for (size_t f = 0; f < neurons; f++) start[f + 1] += start[f];
        std::stable_sort(order, order + own, [&](double a, double b) {
            return t[INDEX][(size_t)a] < t[INDEX][(size_t)b];
        });
    }
}

static const char *run(const Arguments &a) {
    return sort_by_neuron(a.get<int>(ORDER), a.get<int>(START), a.get<int>(COUNTS),
                          a.get<int>(INDEX), sizes_of(a.size), a.stream);
}

static const lesson::Task task = {
    .name = "sort",
    .summary = "the entries of each channel by neuron: order, start",
    .size_names = "T D F C K A",
    .tensors = { { "index", Role::INPUT, Type::INT, "T C K" },
                 { "order", Role::OUTPUT, Type::INT, "C T K" },
                 { "start", Role::OUTPUT, Type::INT, "C F+1" },
                 { "counts", Role::SCRATCH, Type::INT, "",
                   [](const int *size) { return sort_counts(sizes_of(size)); } } },
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 0,
    .flops = [](const int *) { return 0.0; },
    .test_sizes = { { 1, 1, 1, 1, 1, 1 },
                    { 3, 1, 5, 1, 3, 1 },
                    { 129, 1, 1030, 3, 7, 1 },
                    { 700, 1, 5, 2, 3, 1 } },
    .profile_size = { 512, 1, 128, 2, 8, 1 },
    .bench_size = { 16384, 1, 1024, 8, 8, 1 },
    .versions = { { .name = "counting", .file = "sort.cuh", .fp32 = run } },
};
} // namespace sort

static const lesson::Lesson sgatlin("06_sgatlin", { forward::task, backward::task, sort::task });
