// build/gpu-bench [LESSON [TASK]]: every version of every task on this machine's GPU, at the task's
// bench size: milliseconds (the median of several launches), GB/s (of the bytes that any version
// has to move), TFLOP/s, and the share of the roof: the time that these bytes or these FLOPs need
// at least, as a part of the measured one. A version is checked against the first one before it is
// timed, since the oracle would take minutes at this size.
#include "gpu/gpus.h"
#include "gpu/trial.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace lesson;

static const int LAUNCHES = 20;

// The GPU in the table, or what the device says of itself.
static Gpu this_gpu() {
    static cudaDeviceProp p;
    CUDA(cudaGetDeviceProperties(&p, 0));
    for (const Gpu &gpu : gpus) {
        if (strstr(p.name, gpu.match)) return gpu;
    }
    int clock, memory_clock; // kHz
    CUDA(cudaDeviceGetAttribute(&clock, cudaDevAttrClockRate, 0));
    CUDA(cudaDeviceGetAttribute(&memory_clock, cudaDevAttrMemoryClockRate, 0));
    double cores = 128.0 * p.multiProcessorCount; // 64 on sm_75 and sm_80
    if (p.major * 10 + p.minor <= 80) cores /= 2;
    double fp32 = cores * 2 * clock * 1e3, dram = 2e3 * memory_clock * p.memoryBusWidth / 8;
    return { p.name, p.name, fp32, 2 * fp32, dram, 4 * dram, p.multiProcessorCount * clock * 1e3 };
}

static float milliseconds(Run run, const Arguments &arguments) {
    cudaEvent_t begin, end;
    std::vector<float> times;
    CUDA(cudaEventCreate(&begin));
    CUDA(cudaEventCreate(&end));
    for (int i = 0; i < LAUNCHES; i++) {
        float ms;
        CUDA(cudaEventRecord(begin));
        run(arguments);
        CUDA(cudaEventRecord(end));
        CUDA(cudaEventSynchronize(end));
        CUDA(cudaEventElapsedTime(&ms, begin, end));
        times.push_back(ms);
    }
    CUDA(cudaEventDestroy(begin));
    CUDA(cudaEventDestroy(end));
    std::sort(times.begin(), times.end());
    return times[LAUNCHES / 2];
}

// False: the results are wrong. A version that refuses the size is left out. `first`: the others
// are compared with this one.
static bool bench_version(const Task &task, const Version &v, Precision precision, Trial *trial,
                          bool first, const Gpu &gpu) {
    auto device = trial->device();
    const char *refusal = run_of(v, precision)(device->arguments());
    printf("%-12s %-16s %s ", task.name, v.name, name_of(precision));
    if (refusal) {
        printf(" refused: %s\n", refusal);
        return true;
    }
    CUDA(cudaDeviceSynchronize());
    double tolerance = precision == Precision::BF16 ? task.tolerance_bf16 : task.tolerance_fp32;
    // both differ from the oracle by up to the tolerance
    if (first) trial->expect(*device);
    double error = trial->error(*device);
    if (!(error <= 2 * tolerance)) {
        printf(" WRONG: error %.3g against the first version\n", error);
        return false;
    }
    double ms = milliseconds(run_of(v, precision), device->arguments());
    double flops = task.flops(task.bench_size.data());
    double bytes = floor_bytes(task, task.bench_size, precision);
    double roof = std::max(flops / (v.tensor_cores ? gpu.bf16 : gpu.fp32), bytes / gpu.dram);
    printf("%9.3f ms %8.1f GB/s %8.2f TFLOP/s %4.0f%% of the roof\n", ms, bytes / ms * 1e-6,
           flops / ms * 1e-9, 100 * roof * 1e3 / ms);
    return true;
}

static bool bench_task(const Task &task, const Gpu &gpu) {
    bool ok = true;
    printf("%s\n", describe(task, task.bench_size).c_str());
    for (Precision precision : { Precision::FP32, Precision::BF16 }) {
        Trial trial(task, task.bench_size, precision, false);
        bool first = true;
        for (const Version &v : task.versions) {
            if (!run_of(v, precision)) continue;
            ok &= bench_version(task, v, precision, &trial, first, gpu);
            first = false;
        }
    }
    return ok;
}

int main(int count, char **arguments) {
    const Lesson *only = count > 1 ? find_lesson(arguments[1]) : nullptr;
    if (count > 3 || (count > 1 && !only) || (count > 2 && !find_task(*only, arguments[2]))) {
        fprintf(stderr, "usage: gpu-bench [LESSON [TASK]]\n");
        return 2;
    }
    need_gpu("gpu-bench");
    const Gpu gpu = this_gpu();
    printf("%s\n", gpu.name);
    bool ok = true;
    for (const Lesson *l : lessons()) {
        if (only && l != only) continue;
        printf("%s\n", l->name.c_str());
        for (const Task &task : l->tasks) {
            if (count < 3 || task.name == std::string(arguments[2])) ok &= bench_task(task, gpu);
        }
    }
    return ok ? 0 : 1;
}
