// Lesson 07: what surrounds the feed-forward layer in a language model, forward and backward.
#include "gpu/07_language_model/attention_1_naive.cuh"
#include "gpu/07_language_model/attention_2_tiled.cuh"
#include "gpu/07_language_model/attention_backward.cuh"
#include "gpu/07_language_model/embedding.cuh"
#include "gpu/07_language_model/loss.cuh"
#include "gpu/07_language_model/optimizer.cuh"
#include "gpu/07_language_model/rmsnorm.cuh"
#include "gpu/07_language_model/rope.cuh"
#include "gpu/lesson.h"
#include <cmath>
extern "C" {
#include "chapters/07_language_model/adamw.h"
#include "chapters/07_language_model/attention.h"
#include "chapters/07_language_model/embedding.h"
#include "chapters/07_language_model/loss.h"
#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/07_language_model/rope.h"
}

using lesson::Arguments, lesson::Arrays, lesson::Role, lesson::Type;

// ---- embedding: x = embedding[tokens], and the gradient of the table
namespace embedding {
enum { N, V, D };
enum { TOKENS, START, ORDER, TABLE, DX, X, DTABLE };

// Many tokens read the same row; those of each row, in order.
static void prepare(const int *s, Arrays t) {
    int place = 0;
    for (int i = 0; i < s[N]; i++) t[TOKENS][i] = i % 3 == 0 ? 0 : (i * 7 + 1) % s[V];
    for (int v = 0; v < s[V]; v++) {
        t[START][v] = place;
        for (int i = 0; i < s[N]; i++) {
            if (t[TOKENS][i] == v) t[ORDER][place++] = i;
        }
    }
    t[START][s[V]] = place;
}

static void oracle(const int *s, Arrays t) {
    for (int i = 0; i < s[N]; i++) {
        size_t row = (size_t)i * s[D];
        embed(t[X] + row, t[TABLE], (int)t[TOKENS][i], s[D]);
        embed_backward(t[DTABLE], t[DX] + row, (int)t[TOKENS][i], s[D]);
    }
}

static const char *run(const Arguments &a) {
    const int *s = a.size;
    const char *error = embedding_forward(a.get<float>(X), a.get<float>(TABLE), a.get<int>(TOKENS),
                                          s[N], s[D], a.stream);
    if (error != nullptr) return error;
    return embedding_backward(a.get<float>(DTABLE), a.get<float>(DX), a.get<int>(START),
                              a.get<int>(ORDER), s[V], s[D], a.stream);
}

static const lesson::Task task = {
    .name = "embedding",
    .summary = "x = embedding[tokens]; dembedding += the sums of dx over equal tokens",
    .size_names = "N V D",
    .tensors = { { "tokens", Role::INPUT, Type::INT, "N" },
                 { "start", Role::INPUT, Type::INT, "V+1" },
                 { "order", Role::INPUT, Type::INT, "N" },
                 { "embedding", Role::INPUT, Type::FLOAT, "V D" },
                 { "dx", Role::INPUT, Type::FLOAT, "N D" },
                 { "x", Role::OUTPUT, Type::FLOAT, "N D" },
                 { "dembedding", Role::INOUT, Type::FLOAT, "V D" } },
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 5e-7, // largest found: 7e-8
    .flops = [](const int *s) { return (double)s[N] * s[D]; },
    .test_sizes = { { 1, 1, 1 }, { 7, 5, 3 }, { 33, 9, 31 }, { 65, 17, 33 }, { 129, 2, 64 } },
    .profile_size = { 256, 64, 64 },
    .bench_size = { 262144, 8192, 256 },
    .versions = { { .name = "sorted", .file = "embedding.cuh", .fp32 = run } },
};
} // namespace embedding

// ---- rmsnorm
namespace root_mean_square {
enum { N, D };
enum { X, SCALE, DY, Y, RSTD, DX, DSCALE, PARTIAL };

static void oracle(const int *s, Arrays t) {
    std::vector<double> dx((size_t)s[D]);
    for (int d = 0; d < s[D]; d++) t[DSCALE][d] = 0.0;
    for (int i = 0; i < s[N]; i++) {
        size_t row = (size_t)i * s[D];
        t[RSTD][i] = one_over_rms(t[X] + row, s[D]);
        rmsnorm(t[Y] + row, t[X] + row, t[SCALE], s[D]);
        rmsnorm_backward(dx.data(), t[DSCALE], t[DY] + row, t[X] + row, t[SCALE], s[D]);
        for (int d = 0; d < s[D]; d++) t[DX][row + d] += dx[d];
    }
}

static const char *run(const Arguments &a) {
    const int *s = a.size;
    const char *error = rmsnorm_forward(a.get<float>(Y), a.get<float>(RSTD), a.get<float>(X),
                                        a.get<float>(SCALE), s[N], s[D], a.stream);
    if (error != nullptr) return error;
    return rmsnorm_backward<true>(a.get<float>(DX), a.get<float>(DSCALE), a.get<float>(DY),
                                  a.get<float>(X), a.get<float>(RSTD), a.get<float>(SCALE), s[N],
                                  s[D], a.get<float>(PARTIAL), a.stream);
}

static const lesson::Task task = {
    .name = "rmsnorm",
    .summary = "y = x / rms(x) · scale; dx and dscale",
    .size_names = "N D",
    .tensors = { { "x", Role::INPUT, Type::FLOAT, "N D" },
                 { "scale", Role::INPUT, Type::FLOAT, "D" },
                 { "dy", Role::INPUT, Type::FLOAT, "N D" },
                 { "y", Role::OUTPUT, Type::FLOAT, "N D" },
                 { "rstd", Role::OUTPUT, Type::FLOAT, "N" },
                 { "dx", Role::INOUT, Type::FLOAT, "N D" },
                 { "dscale", Role::OUTPUT, Type::FLOAT, "D" },
                 { "partial", Role::SCRATCH, Type::FLOAT, "256 D" } },
    .oracle = oracle,
    .tolerance_fp32 = 1e-6, // largest found: 1.2e-7
    .flops = [](const int *s) { return 12.0 * s[N] * s[D]; },
    .test_sizes = { { 1, 1 }, { 3, 7 }, { 65, 33 }, { 130, 31 }, { 5, 129 } },
    .profile_size = { 256, 64 },
    .bench_size = { 262144, 256 },
    .versions = { { .name = "warp", .file = "rmsnorm.cuh", .fp32 = run } },
};
} // namespace root_mean_square

// ---- rope, there and back with another factor
namespace rotary {
enum { B, T, H, HALF };
enum { TABLE, X };

static void prepare(const int *s, Arrays t) {
    for (int i = 0; i < s[T] * s[HALF]; i++) {
        int position = i / s[HALF], j = i % s[HALF];
        double angle = position / pow(10000.0, (double)j / s[HALF]);
        t[TABLE][position * 2 * s[HALF] + j] = cos(angle);
        t[TABLE][position * 2 * s[HALF] + s[HALF] + j] = sin(angle);
    }
}

static void oracle(const int *s, Arrays t) {
    for (int row = 0; row < s[B] * s[T] * s[H]; row++) {
        double *x = t[X] + (size_t)row * 2 * s[HALF];
        rope(x, row / s[H] % s[T], 2 * s[HALF]);
        for (int d = 0; d < 2 * s[HALF]; d++) x[d] *= 0.5;
    }
}

static const char *run(const Arguments &a) {
    const int *s = a.size;
    float *x = a.get<float>(X);
    const float *table = a.get<float>(TABLE);
    for (int turn = 0; turn < 3; turn++) { // on, back, on
        float direction = turn == 1 ? -1.0f : 1.0f, factor = turn == 2 ? 0.5f : 1.0f;
        const char *error =
            rope_apply(x, table, direction, factor, s[B], s[T], s[H], 2 * s[HALF], a.stream);
        if (error != nullptr) return error;
    }
    return nullptr;
}

static const lesson::Task task = {
    .name = "rope",
    .summary = "each pair of numbers is rotated by its position; HALF pairs",
    .size_names = "B T H HALF",
    .tensors = { { "table", Role::INPUT, Type::FLOAT, "T 2 HALF" },
                 { "x", Role::INOUT, Type::FLOAT, "B T H 2 HALF" } },
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 1e-6, // largest found: 2.4e-7
    .flops = [](const int *s) { return 18.0 * s[B] * s[T] * s[H] * s[HALF]; },
    .test_sizes = { { 1, 1, 1, 1 }, { 2, 5, 3, 7 }, { 1, 33, 2, 16 } },
    .profile_size = { 1, 64, 2, 16 },
    .bench_size = { 32, 1024, 4, 32 },
    .versions = { { .name = "pairs", .file = "rope.cuh", .fp32 = run } },
};
} // namespace rotary

// ---- attention. The chapter divides the scores by sqrt(Dh); here the queries were.
namespace attention {
enum { B, T, H, DH };
enum { Q, K, VALUE, OUT, LOG_SUM };

// One head of a row of the batch, whose parts are taken from arrays (B,T,H,Dh).
struct Head {
    size_t first, stride;
    std::vector<double> query, weights;
    Head(const int *s, int b, int h)
        : first(((size_t)b * s[T] * s[H] + h) * s[DH]), stride((size_t)s[H] * s[DH]),
          query((size_t)s[DH]), weights((size_t)s[T]) {}
    AttentionHead at(const int *s, int t, const double *q, double *k, double *v, double *out) {
        for (int d = 0; d < s[DH]; d++)
            query[d] = q[first + t * stride + d] * std::sqrt(s[DH]); // attend divides
        return { query.data(), k + first, v + first, weights.data(), out + first + t * stride };
    }
};

static double log_sum_of(const int *s, const double *query, const double *keys, size_t stride,
                         int t) {
    double max = -INFINITY, sum = 0.0;
    std::vector<double> scores((size_t)t + 1, 0.0);
    for (int i = 0; i <= t; i++) {
        for (int d = 0; d < s[DH]; d++) scores[i] += query[d] * keys[i * stride + d];
        max = std::fmax(max, scores[i] / std::sqrt(s[DH]));
    }
    for (int i = 0; i <= t; i++) sum += exp(scores[i] / std::sqrt(s[DH]) - max);
    return max + log(sum);
}

template <class Each> static void for_heads(const int *s, Each each) {
    for (int b = 0; b < s[B]; b++) {
        for (int h = 0; h < s[H]; h++) each(b, h);
    }
}

static void oracle(const int *s, Arrays t) {
    for_heads(s, [&](int b, int h) {
        Head head(s, b, h);
        for (int i = 0; i < s[T]; i++) {
            AttentionHead at = head.at(s, i, t[Q], t[K], t[VALUE], t[OUT]);
            attend(&at, i, (int)head.stride, s[DH]);
            t[LOG_SUM][((size_t)b * s[H] + h) * s[T] + i] =
                log_sum_of(s, at.query, at.keys, head.stride, i);
        }
    });
}

static void prepare(const int *s, Arrays t) {
    for (size_t i = 0; i < (size_t)s[B] * s[T] * s[H] * s[DH]; i++) t[Q][i] /= std::sqrt(s[DH]);
}

static AttentionShape shape(const int *s) { return { s[B], s[T], s[H], s[DH] }; }

typedef const char *Launch(float *out, float *log_sum, const float *q, const float *k,
                           const float *v, AttentionShape s, cudaStream_t stream);
template <Launch *launch> const char *run(const Arguments &a) {
    return launch(a.get<float>(OUT), a.get<float>(LOG_SUM), a.get<float>(Q), a.get<float>(K),
                  a.get<float>(VALUE), shape(a.size), a.stream);
}

// A token sees half of the others on average, and each costs two dot products' worth.
static double flops(const int *s) { return 2.0 * s[B] * s[H] * s[T] * (s[T] + 1.0) * s[DH]; }

static const std::vector<lesson::Size> sizes = { { 1, 1, 1, 1 },   { 2, 5, 3, 7 },
                                                 { 1, 33, 2, 33 }, { 1, 17, 1, 128 },
                                                 { 2, 65, 1, 8 },  { 1, 31, 2, 64 } };

static const lesson::Task task = {
    .name = "attention",
    .summary = "out = softmax(q · kᵀ) v over the tokens so far, and log Σ e^score",
    .size_names = "B T H Dh",
    .tensors = { { "q", Role::INPUT, Type::FLOAT, "B T H Dh" },
                 { "k", Role::INPUT, Type::FLOAT, "B T H Dh" },
                 { "v", Role::INPUT, Type::FLOAT, "B T H Dh" },
                 { "out", Role::OUTPUT, Type::FLOAT, "B T H Dh" },
                 { "log_sum", Role::OUTPUT, Type::FLOAT, "B H T" } },
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 2e-6, // largest found: 2.6e-7
    .flops = flops,
    .test_sizes = sizes,
    .profile_size = { 1, 64, 1, 32 },
    .bench_size = { 32, 1024, 4, 64 },
    .versions = { { .name = "naive",
                    .file = "attention_1_naive.cuh",
                    .fp32 = run<attention_naive> },
                  { .name = "tiled",
                    .file = "attention_2_tiled.cuh",
                    .fp32 = run<attention_tiled>,
                    .refuses = { { 1, 2, 1, 129 } } } },
};

// ---- its backward; out and log_sum come from the oracle's forward
namespace backward {
enum { Q, K, VALUE, DOUT, OUT, LOG_SUM, DQ, DK, DV, DELTA };

static void prepare_backward(const int *s, Arrays t) {
    prepare(s, t);
    double *const forward[] = { t[Q], t[K], t[VALUE], t[OUT], t[LOG_SUM] };
    attention::oracle(s, forward);
}

static void oracle_backward(const int *s, Arrays t) {
    size_t count = (size_t)s[B] * s[T] * s[H] * s[DH];
    for (size_t i = 0; i < count; i++) t[DK][i] = t[DV][i] = 0.0;
    for_heads(s, [&](int b, int h) {
        Head head(s, b, h), gradient(s, b, h);
        std::vector<double> out((size_t)s[T] * s[H] * s[DH] * s[B]);
        for (int i = 0; i < s[T]; i++) {
            AttentionHead at = head.at(s, i, t[Q], t[K], t[VALUE], out.data());
            AttentionHead d = gradient.at(s, i, t[DOUT], t[DK], t[DV], t[DOUT]);
            attend(&at, i, (int)head.stride, s[DH]);
            attend_backward(&d, &at, i, (int)head.stride, s[DH]);
            for (int j = 0; j < s[DH]; j++)
                t[DQ][head.first + i * head.stride + j] = d.query[j] * std::sqrt(s[DH]);
        }
    });
}

static const char *run(const Arguments &a) {
    AttentionBackward call = { a.get<float>(DQ),     a.get<float>(DK),   a.get<float>(DV),
                               a.get<float>(DELTA),  a.get<float>(DOUT), a.get<float>(OUT),
                               a.get<float>(Q),      a.get<float>(K),    a.get<float>(VALUE),
                               a.get<float>(LOG_SUM) };
    return attention_gradients(&call, shape(a.size), a.stream);
}

static const lesson::Task task = {
    .name = "attention_backward",
    .summary = "dq, dk and dv; the weights are recomputed from log_sum",
    .size_names = "B T H Dh",
    .tensors = { { "q", Role::INPUT, Type::FLOAT, "B T H Dh" },
                 { "k", Role::INPUT, Type::FLOAT, "B T H Dh" },
                 { "v", Role::INPUT, Type::FLOAT, "B T H Dh" },
                 { "dout", Role::INPUT, Type::FLOAT, "B T H Dh" },
                 { "out", Role::INPUT, Type::FLOAT, "B T H Dh" },
                 { "log_sum", Role::INPUT, Type::FLOAT, "B H T" },
                 { "dq", Role::OUTPUT, Type::FLOAT, "B T H Dh" },
                 { "dk", Role::OUTPUT, Type::FLOAT, "B T H Dh" },
                 { "dv", Role::OUTPUT, Type::FLOAT, "B T H Dh" },
                 { "delta", Role::SCRATCH, Type::FLOAT, "B H T" } },
    .prepare = prepare_backward,
    .oracle = oracle_backward,
    .tolerance_fp32 = 4e-6, // largest found: 6.4e-7
    .flops = [](const int *s) { return 2.5 * flops(s); },
    .test_sizes = sizes,
    .profile_size = { 1, 64, 1, 32 },
    .bench_size = { 32, 1024, 4, 64 },
    .versions = { { .name = "recompute",
                    .file = "attention_backward.cuh",
                    .fp32 = run,
                    .refuses = { { 1, 2, 1, 129 } } } },
};
} // namespace backward
} // namespace attention

// ---- the loss of rows of logits, and their gradient in place; token 0 is padding
namespace loss {
enum { N, V };
enum { TARGETS, SCALE, LOSSES, LOGITS };

static void prepare(const int *s, Arrays t) {
    for (int i = 0; i < s[N]; i++) t[TARGETS][i] = i * 5 % s[V];
    t[SCALE][0] = 0.25;
}

static void oracle(const int *s, Arrays t) {
    std::vector<double> p((size_t)s[V]);
    for (int i = 0; i < s[N]; i++) {
        double *row = t[LOGITS] + (size_t)i * s[V];
        int target = (int)t[TARGETS][i];
        t[LOSSES][i] = target == 0 ? 0.0 : cross_entropy(p.data(), row, target, s[V]);
        if (target != 0) cross_entropy_backward(row, p.data(), target, t[SCALE][0], s[V]);
        for (int v = 0; target == 0 && v < s[V]; v++) row[v] = 0.0;
    }
}

static const char *run(const Arguments &a) {
    return ::cross_entropy<true>(a.get<float>(LOSSES), a.get<float>(LOGITS), a.get<int>(TARGETS),
                                 a.get<float>(SCALE), a.size[N], a.size[V], 0, a.stream);
}

static const lesson::Task task = {
    .name = "loss",
    .summary = "cross-entropy of each row, whose logits become their gradient",
    .size_names = "N V",
    .tensors = { { "targets", Role::INPUT, Type::INT, "N" },
                 { "scale", Role::INPUT, Type::FLOAT, "1" },
                 { "losses", Role::OUTPUT, Type::FLOAT, "N" },
                 { "logits", Role::INOUT, Type::FLOAT, "N V" } },
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 1e-6, // largest found: 7.5e-8
    .flops = [](const int *s) { return 5.0 * s[N] * s[V]; },
    .test_sizes = { { 1, 1 }, { 3, 7 }, { 5, 255 }, { 4, 257 }, { 2, 1025 } },
    .profile_size = { 4, 512 },
    .bench_size = { 2048, 8192 },
    .versions = { { .name = "block", .file = "loss.cuh", .fp32 = run } },
};
} // namespace loss

// ---- clipping and AdamW, of two tensors, the second of which does not decay
namespace update {
enum { N };
enum { CHUNKS, FIRST, FACTORS, GRADIENT, P, FIRST_MOMENT, SECOND_MOMENT, NUMBERS, SQUARES };
static const int STEP = 3;
static const TrainingPlan plan = { 0.01, 0, 100, 1, 0.5, 0.1 };

// A quarter of the numbers, rounded down, are the second tensor. A chunk as four INTs: the first of
// its numbers (two halves), how many, and whether it decays.
static void prepare(const int *s, Arrays t) {
    int rest = s[N] / 4, n = s[N] - rest;
    const int chunks[] = { 0, 0, n, 1, n, 0, rest, 0 }, first[] = { 0, 1, 2 };
    for (int i = 0; i < 8; i++) t[CHUNKS][i] = chunks[i];
    for (int i = 0; i < 3; i++) t[FIRST][i] = first[i];
    const double factors[] = { plan.clip, plan.peak / (1.0 - pow(0.9, STEP + 1)),
                               1.0 / (1.0 - pow(0.999, STEP + 1)), plan.weight_decay };
    for (int i = 0; i < 4; i++) t[FACTORS][i] = factors[i]; // an AdamwFactors
    for (int i = 0; i < s[N]; i++) t[SECOND_MOMENT][i] *= t[SECOND_MOMENT][i];
}

static void oracle(const int *s, Arrays t) {
    size_t count = (size_t)s[N], n = count - count / 4;
    std::vector<double> g(t[GRADIENT], t[GRADIENT] + count);
    clip_by_global_norm(g.data(), count, global_norm(g.data(), count), plan.clip);
    adamw(t[P], t[FIRST_MOMENT], t[SECOND_MOMENT], g.data(), n, true, &plan, STEP);
    adamw(t[P] + n, t[FIRST_MOMENT] + n, t[SECOND_MOMENT] + n, g.data() + n, count - n, false,
          &plan, STEP);
}

static const char *run(const Arguments &a) {
    StepNumbers *numbers = a.get<StepNumbers>(NUMBERS);
    double *squares = a.get<double>(SQUARES);
    cudaMemsetAsync(numbers, 0, sizeof *numbers, a.stream);
    const char *error = gradient_norm(numbers, squares + 2, squares, a.get<float>(GRADIENT),
                                      a.get<Chunk>(CHUNKS), 2, a.get<int>(FIRST), 2, a.stream);
    if (error != nullptr) return error;
    return ::adamw(a.get<float>(P), a.get<float>(FIRST_MOMENT), a.get<float>(SECOND_MOMENT),
                   a.get<float>(GRADIENT), numbers, a.get<Chunk>(CHUNKS), 2,
                   a.get<AdamwFactors>(FACTORS), a.stream);
}

static const lesson::Task task = {
    .name = "adamw",
    .summary = "clips the gradients of all tensors together and updates the parameters",
    .size_names = "N",
    .tensors = { { "chunks", Role::INPUT, Type::INT, "2 4" },
                 { "first", Role::INPUT, Type::INT, "3" },
                 { "factors", Role::INPUT, Type::FLOAT, "4" },
                 { "gradient", Role::INPUT, Type::FLOAT, "N" },
                 { "p", Role::INOUT, Type::FLOAT, "N" },
                 { "m", Role::INOUT, Type::FLOAT, "N" },
                 { "v", Role::INOUT, Type::FLOAT, "N" },
                 { "numbers", Role::SCRATCH, Type::FLOAT, "16" },
                 { "squares", Role::SCRATCH, Type::FLOAT, "8" } },
    .prepare = prepare,
    .oracle = oracle,
    .tolerance_fp32 = 1e-6, // largest found: 7.9e-8
    .flops = [](const int *s) { return 20.0 * s[N]; },
    .test_sizes = { { 1 }, { 7 }, { 257 }, { 1037 } },
    .profile_size = { 1024 },
    .bench_size = { 16384 },
    .versions = { { .name = "chunks", .file = "optimizer.cuh", .fp32 = run } },
};
} // namespace update

static const lesson::Lesson language_model("07_language_model",
                                           { embedding::task, root_mean_square::task, rotary::task,
                                             attention::task, attention::backward::task, loss::task,
                                             update::task });
