#include "gpu/profile_report.h"
#include "gpu/emulator/engine/fault.h"
#include "gpu/gpus.h"
#include <algorithm>
#include <cstdio>

namespace lesson {
namespace {

using emulator::KernelProfile, emulator::LineProfile;

constexpr double SECTOR = 32; // bytes

// The least time that one resource takes, in seconds.
struct Need {
    const char *resource;
    double seconds;
};

struct Model {
    std::vector<Need> needs;
    const Need *limit; // the largest
};

// What all kernels of the version need of the GPU. Nothing overlaps in a real kernel as well as
// this assumes, and caches are neither perfect (DRAM) nor absent (L2): it is a lower bound.
Model model(const Report &r, const Gpu &gpu) {
    double dram = 0, sectors = 0, wavefronts = 0;
    for (const KernelProfile &k : r.kernels) {
        dram += SECTOR * (double)(k.sectors_read + k.sectors_written);
        for (const LineProfile &l : k.lines) (l.shared ? wavefronts : sectors) += (double)l.moved;
    }
    double flops = r.task.flops(r.size.data());
    Model m = { { { "FLOPs", flops / (r.version.tensor_cores ? gpu.bf16 : gpu.fp32) },
                  { "DRAM", dram / gpu.dram },
                  { "L2", sectors * SECTOR / gpu.l2 },
                  { "shared", wavefronts / gpu.wavefronts } },
                nullptr };
    m.limit = &*std::max_element(m.needs.begin(), m.needs.end(), [](const Need &a, const Need &b) {
        return a.seconds < b.seconds;
    });
    return m;
}

// "1_naive.cuh:14" of "gpu/01_dense_ffn/1_naive.cuh:14"
std::string short_line(const Report &r, const std::string &line) {
    std::string folder = "gpu/" + r.lesson.name + "/";
    return line.compare(0, folder.size(), folder) == 0 ? line.substr(folder.size()) : line;
}

double per(uint64_t a, uint64_t b) { return (double)a / (double)b; }
unsigned long number(uint64_t n) { return (unsigned long)n; }

void print_line(const Report &r, const LineProfile &l) {
    printf("  %-22s %-6s %-6s %8lu %6.2f ", short_line(r, l.line).c_str(),
           l.shared ? "shared" : "global", l.access, number(l.requests), per(l.lanes, l.requests));
    if (l.shared) {
        printf("%7s %10.2f %9lu\n", "", per(l.moved, l.requests), number(l.bytes_used));
    } else {
        printf("%7.2f %10s %9lu %9lu %10lu\n", per(l.moved, l.requests), "", number(l.bytes_used),
               number(l.moved) * 32, number(l.distinct) * 32);
    }
}

// Without the parentheses that LAUNCH needs around a name with commas.
std::string kernel_name(const KernelProfile &k) {
    return k.kernel[0] == '(' ? k.kernel.substr(1, k.kernel.size() - 2) : k.kernel;
}

void print_kernel(const Report &r, const KernelProfile &k) {
    printf("%s: launches %lu, blocks %lu, threads %lu\n", kernel_name(k).c_str(),
           number(k.launches), number(k.blocks), number(k.threads));
    printf("  %-22s %-13s %8s %6s %7s %10s %9s %9s %10s\n", "", "", "requests", "lanes", "sectors",
           "wavefronts", "used B", "moved B", "distinct B");
    for (const LineProfile &l : k.lines) print_line(r, l);
}

void print_model(const Report &r) {
    printf("%-20s", "modelled, in us");
    for (const Need &need : model(r, gpus[0]).needs) printf(" %8s", need.resource);
    printf("   limit\n");
    for (const Gpu &gpu : gpus) {
        Model m = model(r, gpu);
        printf("  %-18s", gpu.name);
        for (const Need &need : m.needs) printf(" %8.2f", need.seconds * 1e6);
        printf("   %s\n", m.limit->resource);
    }
}

void print_report(const Report &r) {
    printf("%s %s, %s, %s: %.0f FLOPs, at least %.0f bytes\n", r.task.name, r.version.name,
           name_of(r.precision), describe(r.task, r.size).c_str(), r.task.flops(r.size.data()),
           floor_bytes(r.task, r.size, r.precision));
    for (const KernelProfile &k : r.kernels) print_kernel(r, k);
    if (r.version.library)
        printf("and a library, whose accesses are not counted\n");
    else
        print_model(r);
}

void print_json_line(const Report &r, const LineProfile &l) {
    printf("{\"line\":\"%s\",\"memory\":\"%s\",\"access\":\"%s\",\"requests\":%lu,\"lanes\":%lu,"
           "\"bytes_used\":%lu,",
           short_line(r, l.line).c_str(), l.shared ? "shared" : "global", l.access,
           number(l.requests), number(l.lanes), number(l.bytes_used));
    if (l.shared)
        printf("\"wavefronts\":%lu}", number(l.moved));
    else
        printf("\"sectors\":%lu,\"bytes_moved\":%lu,\"distinct_bytes\":%lu}", number(l.moved),
               number(l.moved) * 32, number(l.distinct) * 32);
}

void print_json_kernel(const Report &r, const KernelProfile &k) {
    printf("{\"kernel\":\"%s\",\"launches\":%lu,\"blocks\":%lu,\"threads\":%lu,"
           "\"distinct_bytes_read\":%lu,\"distinct_bytes_written\":%lu,\"lines\":[",
           kernel_name(k).c_str(), number(k.launches), number(k.blocks), number(k.threads),
           number(k.sectors_read) * 32, number(k.sectors_written) * 32);
    for (size_t i = 0; i < k.lines.size(); i++) {
        if (i) putchar(',');
        print_json_line(r, k.lines[i]);
    }
    printf("]}");
}

void print_json_model(const Report &r, const Gpu &gpu) {
    Model m = model(r, gpu);
    printf("{\"gpu\":\"%s\",", gpu.name);
    for (const Need &need : m.needs) {
        printf("\"%s_us\":%.4f,", need.resource, need.seconds * 1e6);
    }
    printf("\"us\":%.4f,\"limit\":\"%s\"}", m.limit->seconds * 1e6, m.limit->resource);
}

void print_json_report(const Report &r) {
    printf("{\"lesson\":\"%s\",\"task\":\"%s\",\"version\":\"%s\",\"precision\":\"%s\","
           "\"size\":\"%s\",\"flops\":%.0f,\"floor_bytes\":%.0f,\n \"kernels\":[",
           r.lesson.name.c_str(), r.task.name, r.version.name, name_of(r.precision),
           describe(r.task, r.size).c_str(), r.task.flops(r.size.data()),
           floor_bytes(r.task, r.size, r.precision));
    for (size_t i = 0; i < r.kernels.size(); i++) {
        if (i) printf(",\n  ");
        print_json_kernel(r, r.kernels[i]);
    }
    printf("],\n \"modelled\":[");
    for (const Gpu &gpu : gpus) {
        if (r.version.library) break;
        if (&gpu != gpus) putchar(',');
        print_json_model(r, gpu);
    }
    printf("]}");
}

} // namespace

void print_text(const std::vector<Report> &reports) {
    for (size_t i = 0; i < reports.size(); i++) {
        if (i) putchar('\n');
        print_report(reports[i]);
    }
}

void print_summary(const std::vector<Report> &reports) {
    printf("modelled time in us, and what limits it\n%-25s", "");
    for (const Gpu &gpu : gpus) printf("  %16s", gpu.name);
    printf("\n");
    for (const Report &r : reports) {
        printf("%-20s %s", r.version.name, name_of(r.precision));
        for (const Gpu &gpu : gpus) {
            if (r.version.library) break;
            Model m = model(r, gpu);
            std::string text =
                emulator::format("%.2f %s", m.limit->seconds * 1e6, m.limit->resource);
            printf("  %16s", text.c_str());
        }
        printf("%s\n", r.version.library ? "  a library" : "");
    }
}

void print_json(const std::vector<Report> &reports) {
    putchar('[');
    for (size_t i = 0; i < reports.size(); i++) {
        if (i) printf(",\n");
        print_json_report(reports[i]);
    }
    printf("]\n");
}

} // namespace lesson
