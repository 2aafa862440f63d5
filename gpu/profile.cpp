// build/gpu-profile [LESSON [--task T] [--version V] [--size B=64,D=128] [--precision fp32|bf16]]:
// what the accesses of each source line of a kernel cost a GPU, counted by the emulator. Without
// LESSON: the lessons, their tasks and versions. Exit status 2: wrong arguments.
#include "gpu/emulator/engine/profile.h"
#include "gpu/trial.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace lesson;

struct Options {
    std::string lesson, task, version, size;
    Precision precision = Precision::FP32;
    bool bf16_only = false;
};

[[noreturn]] static void wrong(const std::string &what) {
    fprintf(stderr, "gpu-profile: %s\n", what.c_str());
    exit(2);
}

static Precision parse_precision(const std::string &text) {
    if (text == "fp32") return Precision::FP32;
    if (text == "bf16") return Precision::BF16;
    wrong("--precision " + text + ": expected fp32 or bf16");
}

static Options parse(int count, char **arguments) {
    Options o;
    for (int i = 1; i < count; i++) {
        std::string name = arguments[i];
        if (name[0] != '-' && o.lesson.empty()) {
            o.lesson = name;
            continue;
        }
        bool known =
            name == "--task" || name == "--version" || name == "--size" || name == "--precision";
        if (!known) wrong("unknown argument " + name);
        if (++i == count) wrong(name + " needs a value");
        std::string value = arguments[i];
        if (name == "--task") o.task = value;
        if (name == "--version") o.version = value;
        if (name == "--size") o.size = value;
        if (name == "--precision") o.precision = parse_precision(value);
    }
    return o;
}

static void list() {
    for (const Lesson *l : lessons()) {
        printf("%s\n", l->name.c_str());
        for (const Task &task : l->tasks) {
            printf("  %s: %s, sizes %s\n", task.name, task.summary, task.size_names);
            for (const Version &v : task.versions) {
                printf("    %-12s %s%s %s\n", v.name, v.fp32 ? " fp32" : "     ",
                       v.bf16 ? " bf16" : "     ", v.file);
            }
        }
    }
}

static double per(uint64_t a, uint64_t b) { return (double)a / (double)b; }

static void print_line(const emulator::LineProfile &l) {
    printf("  %-38s %-6s %-6s %8lu %6.2f ", l.line.c_str(), l.shared ? "shared" : "global",
           l.access, (unsigned long)l.requests, per(l.lanes, l.requests));
    if (l.shared)
        printf("%8s %10.2f\n", "", per(l.moved, l.requests));
    else
        printf("%8.2f %10s %4.0f%% %9lu\n", per(l.moved, l.requests), "",
               100 * per(l.bytes_used, l.moved * 32), (unsigned long)l.distinct * 32);
}

static void profile_version(const Task &task, const Version &version, const Size &size,
                            Precision precision) {
    Trial trial(task, size, precision);
    auto device = trial.device();
    emulator::start_profile();
    const char *refusal = run_of(version, precision)(device->arguments());
    if (refusal) wrong(std::string(version.name) + " refuses this size: " + refusal);
    printf("%s %s, %s, %s\n", task.name, version.name, name_of(precision),
           describe(task, size).c_str());
    for (const emulator::KernelProfile &k : emulator::profile_results()) {
        printf("  %-38s %-6s %-6s %8s %6s %8s %10s %5s %9s\n", "line", "memory", "access",
               "requests", "lanes", "sectors", "wavefronts", "used", "distinct");
        for (const emulator::LineProfile &l : k.lines) print_line(l);
    }
}

static void profile_task(const Task &task, const Options &o) {
    Size size = task.profile_size;
    std::string error;
    if (!parse_size(&size, task, o.size, &error)) wrong(error);
    if (!o.version.empty() && !find_version(task, o.version))
        wrong("task " + std::string(task.name) + " has no version " + o.version);
    for (const Version &v : task.versions) {
        if (!o.version.empty() && o.version != v.name) continue;
        if (run_of(v, o.precision)) profile_version(task, v, size, o.precision);
    }
}

int main(int count, char **arguments) {
    Options o = parse(count, arguments);
    if (o.lesson.empty()) {
        list();
        return 0;
    }
    const Lesson *l = find_lesson(o.lesson);
    if (!l) wrong("there is no lesson " + o.lesson + "; without arguments, it lists them");
    if (!o.task.empty() && !find_task(*l, o.task)) wrong(l->name + " has no task " + o.task);
    for (const Task &task : l->tasks) {
        if (o.task.empty() || o.task == task.name) profile_task(task, o);
    }
    return 0;
}
