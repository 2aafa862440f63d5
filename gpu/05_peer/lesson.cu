// Lesson 05: the experts of PEER, forward and backward, from a given gating.
#include "gpu/05_peer/1_separate.cuh"
#include "gpu/05_peer/2_fused.cuh"
#include "gpu/06_sgatlin/tasks.h"
#include "gpu/lesson.h"
extern "C" {
#include "chapters/05_peer/peer.h"
}

typedef __nv_bfloat16 bf16;
using lesson::Arguments, lesson::Arrays, lesson::Role, lesson::Type;

// The sizes of both tasks: C heads, one pool of F experts.
enum { T, D, F, C, K };

static NeuronSizes sizes_of(const int *size) {
    return { size[T], size[D], size[F], size[C], size[K], 1 };
}
static Peer chapter_sizes(const int *size) {
    return { .D = size[D], .F = size[F], .C = size[C], .K = size[K], .Dk = 1 };
}

static const std::vector<lesson::Size> refused = {
    { 1, 1, 1, 1, 2 },   // K > F
    { 1, 1, 1, 3073, 1 } // no shared memory for that many heads
};

// ---- forward
namespace forward {
enum { X, INDEX, SCORE, IN, OUT, Y, Z, GATE };

static void prepare(const int *size, Arrays t) {
    gating::prepare(sizes_of(size), t[INDEX], t[IN], t[OUT]);
}

static void oracle(const int *size, Arrays t) {
    const Peer p = chapter_sizes(size);
    const PeerWeights w = { {}, t[IN], t[OUT] };
    const size_t slots = (size_t)size[C] * size[K];
    for (size_t i = 0; i < (size_t)size[T]; i++) {
        std::vector<int> index(t[INDEX] + i * slots, t[INDEX] + (i + 1) * slots);
        PeerToken saved = {};
        saved.index = index.data();
        saved.score = t[SCORE] + i * slots;
        saved.gate = t[GATE] + i * slots;
        saved.z = t[Z] + i * slots;
        peer_experts(t[Y] + i * size[D], &saved, t[X] + i * size[D], &w, &p);
    }
}

template <class Real>
using Launch = const char *(*)(Real *y, float *gate, float *z, const Real *x, const int *index,
                               const float *score, const Real *in, const Real *out, NeuronSizes s,
                               cudaStream_t stream);
template <class Real, Launch<Real> launch> const char *run(const Arguments &a) {
    return launch(a.get<Real>(Y), a.get<float>(GATE), a.get<float>(Z), a.get<Real>(X),
                  a.get<int>(INDEX), a.get<float>(SCORE), a.get<Real>(IN), a.get<Real>(OUT),
                  sizes_of(a.size), a.stream);
}

static const lesson::Task task = {
    .name = "forward",
    .summary = "y = Σ softmax(score) · gelu(in · x) · out over the selected experts",
    .size_names = "T D F C K",
    .tensors = gating::forward_tensors("F D", { { "gate", Role::OUTPUT, Type::FLOAT, "T C K" } }),
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 2e-6,
    .tolerance_bf16 = 8e-3,
    .flops = [](const int *size) { return 2 * gating::entry_flops(sizes_of(size)); },
    .test_sizes = { { 1, 1, 1, 1, 1 },
                    { 3, 7, 5, 1, 3 },
                    { 5, 33, 7, 3, 2 },
                    { 9, 40, 25, 34, 2 },
                    { 17, 264, 9, 3, 3 } },
    .profile_size = { 128, 256, 256, 8, 8 },
    .bench_size = { 16384, 256, 1024, 8, 8 },
    .versions = {
        { .name = "separate",
          .file = "1_separate.cuh",
          .fp32 = run<float, peer_separate<float>>,
          .bf16 = run<bf16, peer_separate<bf16>>,
          .refuses = refused },
        { .name = "fused",
          .file = "2_fused.cuh",
          .fp32 = run<float, peer_forward<float>>,
          .bf16 = run<bf16, peer_forward<bf16>>,
          .refuses = refused },
    },
};
} // namespace forward

// ---- backward
namespace backward {
enum { X, INDEX, SCORE, Z, IN, OUT, DY, DX, DSCORE, DIN, DOUT, SCRATCH, GATE };

// The gates are the softmax of the scores, of which only this needs them.
static void prepare(const int *size, Arrays t) {
    gating::prepare(sizes_of(size), t[INDEX], t[IN], t[OUT]);
    for (size_t first = 0; first < (size_t)size[T] * size[C] * size[K]; first += size[K]) {
        double sum = 0;
        for (size_t e = first; e < first + size[K]; e++) sum += std::exp(t[SCORE][e]);
        for (size_t e = first; e < first + size[K]; e++) t[GATE][e] = std::exp(t[SCORE][e]) / sum;
    }
}

static void oracle(const int *size, Arrays t) {
    const Peer p = chapter_sizes(size);
    const PeerWeights w = { {}, t[IN], t[OUT] }, dw = { {}, t[DIN], t[DOUT] };
    const size_t slots = (size_t)size[C] * size[K], width = (size_t)size[D];
    std::fill(t[DX], t[DX] + (size_t)size[T] * width, 0.0);
    for (size_t i = 0; i < (size_t)size[T]; i++) {
        std::vector<int> index(t[INDEX] + i * slots, t[INDEX] + (i + 1) * slots);
        PeerToken saved = {};
        saved.index = index.data();
        saved.score = t[SCORE] + i * slots;
        saved.gate = t[GATE] + i * slots;
        saved.z = t[Z] + i * slots;
        peer_experts_backward(t[DX] + i * width, t[DSCORE] + i * slots, &dw, t[DY] + i * width,
                              &saved, t[X] + i * width, &w, &p);
    }
}

template <class Real>
using Launch = const char *(*)(Real *dx, float *dscore, float *din, float *dout,
                               BackwardScratch scratch, const Real *dy, const Real *x,
                               const int *index, const float *gate, const float *z, const Real *in,
                               const Real *out, NeuronSizes s, cudaStream_t stream);
template <class Real, Launch<Real> launch> const char *run(const Arguments &a) {
    NeuronSizes s = sizes_of(a.size);
    BackwardScratch scratch;
    backward_scratch(&scratch, a.get<void>(SCRATCH), s);
    return launch(a.get<Real>(DX), a.get<float>(DSCORE), a.get<float>(DIN), a.get<float>(DOUT),
                  scratch, a.get<Real>(DY), a.get<Real>(X), a.get<int>(INDEX), a.get<float>(GATE),
                  a.get<float>(Z), a.get<Real>(IN), a.get<Real>(OUT), s, a.stream);
}

static const lesson::Task task = {
    .name = "backward",
    .summary = "dx, dscore, din += and dout += from dy",
    .size_names = "T D F C K",
    .tensors = gating::backward_tensors(
        "F D", [](const int *size) { return gating::scratch_floats(sizes_of(size)); },
        { { "gate", Role::INPUT, Type::FLOAT, "T C K" } }),
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 2e-6,
    .tolerance_bf16 = 8e-3,
    .flops = [](const int *size) { return 4 * gating::entry_flops(sizes_of(size)); },
    .test_sizes = { { 1, 1, 1, 1, 1 },
                    { 3, 7, 5, 1, 3 },
                    { 5, 33, 7, 3, 2 },
                    { 9, 40, 25, 34, 2 },
                    { 17, 264, 9, 3, 3 },
                    { 321, 8, 5, 2, 3 } },
    .profile_size = { 128, 256, 256, 8, 8 },
    .bench_size = { 16384, 256, 1024, 8, 8 },
    .versions = {
        { .name = "separate",
          .file = "1_separate.cuh",
          .fp32 = run<float, peer_backward_separate<float>>,
          .bf16 = run<bf16, peer_backward_separate<bf16>>,
          .refuses = refused },
        { .name = "fused",
          .file = "2_fused.cuh",
          .fp32 = run<float, peer_backward<float>>,
          .bf16 = run<bf16, peer_backward<bf16>>,
          .refuses = refused },
    },
};
} // namespace backward

static const lesson::Lesson peer("05_peer", { forward::task, backward::task });
