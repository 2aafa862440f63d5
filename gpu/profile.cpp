// build/gpu-profile [LESSON [--task T] [--version V] [--size D=64,F=128] [--precision fp32|bf16]
// [--summary|--json]]: what the accesses of each source line of a kernel cost a GPU, counted by the
// emulator, and what follows for three GPUs. --summary: only that, and in both precisions. Without
// LESSON: the lessons, their tasks and versions. The same in every run. Exit status 2: wrong
// arguments.
#include "gpu/profile_report.h"
#include "gpu/trial.h"
#include <cstdio>
#include <cstdlib>

using namespace lesson;

struct Options {
    std::string lesson, task, version, size;
    std::vector<Precision> precisions = { Precision::FP32 };
    bool summary = false, json = false;
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

static void parse_option(Options *o, const std::string &name, const char *value) {
    bool known =
        name == "--task" || name == "--version" || name == "--size" || name == "--precision";
    if (!known)
        wrong("unknown argument " + name + "; usage: LESSON --task --version --size " +
              "--precision --summary --json");
    if (!value) wrong(name + " needs a value");
    if (name == "--task") o->task = value;
    if (name == "--version") o->version = value;
    if (name == "--size") o->size = value;
    if (name == "--precision") o->precisions = { parse_precision(value) };
}

static Options parse(int count, char **arguments) {
    Options o;
    for (int i = 1; i < count; i++) {
        std::string argument = arguments[i];
        if (argument == "--summary") {
            o.summary = true;
            o.precisions = { Precision::FP32, Precision::BF16 };
        } else if (argument == "--json")
            o.json = true;
        else if (argument[0] != '-' && o.lesson.empty())
            o.lesson = argument;
        else {
            parse_option(&o, argument, i + 1 < count ? arguments[i + 1] : nullptr);
            i++;
        }
    }
    return o;
}

static void list() {
    for (const Lesson *l : lessons()) {
        printf("%s\n", l->name.c_str());
        for (const Task &task : l->tasks) {
            printf("  %s: %s; sizes %s\n", task.name, task.summary, task.size_names);
            for (const Version &v : task.versions) {
                printf("    %-16s %-4s %-4s  %s\n", v.name, v.fp32 ? "fp32" : "",
                       v.bf16 ? "bf16" : "", v.file);
            }
        }
    }
}

static Report profile_version(const Lesson &lesson, const Task &task, const Version &version,
                              const Size &size, Precision precision) {
    Trial trial(task, size, precision);
    auto device = trial.device();
    emulator::start_profile();
    const char *refusal = run_of(version, precision)(device->arguments());
    if (refusal) wrong(std::string(version.name) + " refuses this size: " + refusal);
    return { lesson, task, version, precision, size, emulator::profile_results() };
}

// The versions that the options choose, of one task.
static void profile_task(std::vector<Report> *reports, const Lesson &lesson, const Task &task,
                         const Options &o) {
    Size size = task.profile_size;
    std::string error;
    if (!parse_size(&size, task, o.size, &error)) wrong(error);
    for (const Version &v : task.versions) {
        if (!o.version.empty() && o.version != v.name) continue;
        for (Precision p : o.precisions) {
            if (run_of(v, p)) reports->push_back(profile_version(lesson, task, v, size, p));
        }
    }
}

int main(int count, char **arguments) {
    Options o = parse(count, arguments);
    if (o.lesson.empty()) {
        if (count > 1) wrong("the lesson is missing: gpu-profile without arguments lists them");
        list();
        return 0;
    }
    const Lesson *l = find_lesson(o.lesson);
    if (!l) wrong("there is no lesson " + o.lesson + "; gpu-profile without arguments lists them");
    if (!o.task.empty() && !find_task(*l, o.task)) wrong(l->name + " has no task " + o.task);
    std::vector<Report> reports;
    for (const Task &task : l->tasks) {
        bool has_it = o.version.empty() || find_version(task, o.version);
        if (has_it && (o.task.empty() || o.task == task.name)) profile_task(&reports, *l, task, o);
    }
    if (reports.empty()) {
        wrong((o.task.empty() ? l->name : "task " + o.task) + " has no version " + o.version +
              " in " + name_of(o.precisions[0]));
    }
    if (o.summary)
        print_summary(reports);
    else if (o.json)
        print_json(reports);
    else
        print_text(reports);
    return 0;
}
