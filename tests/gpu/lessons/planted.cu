// A lesson for the test of gpu-test: versions with planted mistakes, named after them, and good
// ones. Task: y = 2 x, the index of each x, and the sum of x. A second lesson has a version with
// right results that reads beyond x.
#include "gpu/launch.h"
#include "gpu/lesson.h"

using lesson::Arguments, lesson::Arrays, lesson::Role, lesson::Type;

enum { X, Y, INDEX, SUM };
enum Mistake {
    NONE,
    WRONG,
    WRONG_INDEX,
    NOT_A_NUMBER,
    UNWRITTEN,
    INPUT_CHANGED,
    OTHER_BITS,
    OUT_OF_BOUNDS
};

template <Mistake mistake>
__global__ void twice(float *y, int *index, float *sum, float *x, int n) {
    int i = (int)threadIdx.x;
    if (i >= n) return;
    bool last = i == n - 1;
    if (mistake != UNWRITTEN || !last) y[i] = 2.0f * x[i];
    index[i] = i;
    if (mistake == WRONG && last) y[i] *= 1.001f;
    if (mistake == WRONG_INDEX && last) index[i] = 0;
    if (mistake == NOT_A_NUMBER && last) y[i] = NAN;
    if (mistake == OUT_OF_BOUNDS && last) y[i] += 0.0f * x[n];
    if (mistake == OTHER_BITS) {
        atomicAdd(sum, x[i]);
    } else if (i == 0) {
        for (int k = 0; k < n; k++) *sum += x[k];
        if (mistake == INPUT_CHANGED) x[0] = 0.0f;
    }
}

template <Mistake mistake> const char *run(const Arguments &a) {
    int n = a.size[0];
    if (n > 1024) return "N is more than 1024, the most threads of a block";
    LAUNCH(twice<mistake>, 1, 1024, 0, a.stream, a.get<float>(Y), a.get<int>(INDEX),
           a.get<float>(SUM), a.get<float>(X), n);
    return launch_error();
}

static const char *refuse(const Arguments &) { return "cannot"; }

static void oracle(const int *size, Arrays t) {
    for (int i = 0; i < size[0]; i++) {
        t[Y][i] = 2.0 * t[X][i];
        t[INDEX][i] = i;
        t[SUM][0] += t[X][i];
    }
}

static const lesson::Task task = {
    .name = "twice",
    .summary = "y = 2 x",
    .size_names = "N",
    .tensors = { { "x", Role::INPUT, Type::FLOAT, "N" },
                 { "y", Role::OUTPUT, Type::FLOAT, "N" },
                 { "index", Role::OUTPUT, Type::INT, "N" },
                 { "sum", Role::INOUT, Type::FLOAT, "1" } },
    .oracle = oracle,
    .tolerance_fp32 = 1e-5,
    .flops = [](const int *s) { return (double)s[0]; },
    .test_sizes = { { 7 }, { 101 } },
    .profile_size = { 64 },
    .bench_size = { 1024 },
    .versions = {
        { .name = "good", .file = "", .fp32 = run<NONE>, .refuses = { { 1025 } } },
        { .name = "good_atomics", .file = "", .fp32 = run<OTHER_BITS>, .varies = true },
        { .name = "wrong", .file = "", .fp32 = run<WRONG> },
        { .name = "wrong_index", .file = "", .fp32 = run<WRONG_INDEX> },
        { .name = "not_a_number", .file = "", .fp32 = run<NOT_A_NUMBER> },
        { .name = "unwritten", .file = "", .fp32 = run<UNWRITTEN> },
        { .name = "input_changed", .file = "", .fp32 = run<INPUT_CHANGED> },
        { .name = "other_bits", .file = "", .fp32 = run<OTHER_BITS> },
        { .name = "refuses", .file = "", .fp32 = refuse },
        { .name = "does_not_refuse", .file = "", .fp32 = run<NONE>, .refuses = { { 101 } } },
    },
};

static lesson::Task faulty_task() {
    lesson::Task t = task;
    t.versions = { { .name = "out_of_bounds", .file = "", .fp32 = run<OUT_OF_BOUNDS> } };
    return t;
}

static const lesson::Lesson planted("01_planted", { task });
static const lesson::Lesson faulty("02_faulty", { faulty_task() });
