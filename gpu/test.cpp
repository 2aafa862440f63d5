// build/gpu-test [LESSON]: every version of every task, at each test size and in each of its
// precisions, against the plain C of the chapter. In the emulator, in three orders of the threads;
// a fault that it finds ends the program with exit status 3. On a GPU, three times.
#include "gpu/launch.h"
#include "gpu/trial.h"
#include <cmath>
#include <cstdio>
#include <cstring>
#ifdef EMULATOR
#include "gpu/emulator/engine/grid.h"
#endif

using namespace lesson;

static const int RUNS = 3;

static void set_order_of(int run) {
#ifdef EMULATOR
    const emulator::Order orders[RUNS] = { emulator::Order::FORWARD, emulator::Order::REVERSE,
                                           emulator::Order::RANDOM };
    emulator::set_order(orders[run]);
#else
    (void)run;
#endif
}

struct Case {
    const Lesson &lesson;
    const Task &task;
    const Version &version;
    Precision precision;
    Size size;
};

static bool failed(const Case &c, const std::string &why) {
    printf("FAILED %s %s %s, %s, %s: %s\n", c.lesson.name.c_str(), c.task.name, c.version.name,
           name_of(c.precision), describe(c.task, c.size).c_str(), why.c_str());
    return false;
}

static bool in(const std::vector<Size> &sizes, const Size &size) {
    for (const Size &s : sizes) {
        if (s == size) return true;
    }
    return false;
}

static bool same_bits(const Task &task, const DeviceTensors &a, const DeviceTensors &b) {
    for (size_t i = 0; i < task.tensors.size(); i++) {
        if (task.tensors[i].role == Role::SCRATCH) continue;
        if (a.values(i) != b.values(i)) return false;
    }
    return true;
}

static bool test_refusal(const Case &c, const Trial &trial) {
    auto device = trial.device();
    const char *refusal = run_of(c.version, c.precision)(device->arguments());
    if (!refusal) return failed(c, "it should refuse this size");
    // an error of CUDA is not a refusal
    if (cudaPeekAtLastError() != cudaSuccess) return failed(c, refusal);
    return true;
}

// The largest error of all runs goes into `worst`.
static bool test_case(const Case &c, const Trial &trial, double *worst) {
    std::unique_ptr<DeviceTensors> first;
    double tolerance =
        c.precision == Precision::BF16 ? c.task.tolerance_bf16 : c.task.tolerance_fp32;
    for (int run = 0; run < RUNS; run++) {
        set_order_of(run);
        auto device = trial.device();
        const char *refusal = run_of(c.version, c.precision)(device->arguments());
        if (refusal) return failed(c, refusal);
        CUDA(cudaDeviceSynchronize());
        double error = trial.error(*device);
        if (!(error <= tolerance)) { // also where it is NaN
            char text[80];
            snprintf(text, sizeof text, "error %.3g, accepted %.3g, run %d", error, tolerance,
                     run + 1);
            return failed(c, text);
        }
        *worst = std::fmax(*worst, error);
        if (first && !c.version.varies && !same_bits(c.task, *first, *device))
            return failed(c, "other bits than in the first run");
        if (!first) first = std::move(device);
    }
    return true;
}

static bool test_version(const Lesson &lesson, const Task &task, const Version &version,
                         Precision precision) {
    const char *missing = nullptr;
    if (version.tensor_cores && !has_bf16_tensor_cores())
        missing = "this GPU's tensor cores do not know bf16";
    if (version.library && !has_cublas()) missing = "cuBLAS is not here";
    if (missing) {
        printf("%-24s %-12s %-20s left out: %s\n", lesson.name.c_str(), task.name, version.name,
               missing);
        return true;
    }
    bool ok = true;
    double worst = 0;
    std::vector<Size> sizes = task.test_sizes;
    for (const Size &size : version.refuses) {
        if (!in(sizes, size)) sizes.push_back(size);
    }
    for (const Size &size : sizes) {
        const Case c = { lesson, task, version, precision, size };
        bool refused = in(version.refuses, size);
        const Trial trial(task, size, precision, !refused);
        ok &= refused ? test_refusal(c, trial) : test_case(c, trial, &worst);
    }
    printf("%-24s %-12s %-20s %s  %2zu sizes  largest error %.1e%s\n", lesson.name.c_str(),
           task.name, version.name, name_of(precision), sizes.size(), worst, ok ? "" : "  FAILED");
    return ok;
}

static bool test_lesson(const Lesson &lesson) {
    bool ok = true;
    for (const Task &task : lesson.tasks) {
        for (const Version &version : task.versions) {
            if (version.fp32) ok &= test_version(lesson, task, version, Precision::FP32);
            if (version.bf16) ok &= test_version(lesson, task, version, Precision::BF16);
        }
    }
    return ok;
}

int main(int count, char **arguments) {
    const Lesson *only = count == 2 ? find_lesson(arguments[1]) : nullptr;
    if (count > 2 || (count == 2 && !only)) {
        fprintf(stderr, "usage: gpu-test [LESSON], one of:");
        for (const Lesson *l : lessons()) fprintf(stderr, " %s", l->name.c_str());
        fprintf(stderr, "\n");
        return 2;
    }
    need_gpu("gpu-test");
    bool ok = true;
    for (const Lesson *l : lessons()) {
        if (!only || l == only) ok &= test_lesson(*l);
    }
    puts(ok ? "ok" : "FAILED");
    return ok ? 0 : 1;
}
