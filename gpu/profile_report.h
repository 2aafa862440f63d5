// What gpu-profile prints of the kernels that a version has launched.
#pragma once
#include "gpu/emulator/engine/profile.h"
#include "gpu/lesson.h"

namespace lesson {

struct Report {
    const Lesson &lesson;
    const Task &task;
    const Version &version;
    Precision precision;
    Size size;
    std::vector<emulator::KernelProfile> kernels; // without a library's
};

void print_text(const std::vector<Report> &reports);
void print_summary(const std::vector<Report> &reports); // one line per version
void print_json(const std::vector<Report> &reports);

} // namespace lesson
