#include "profile.h"
#include "fault.h"
#include "symbols.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace emulator {
namespace {

constexpr uintptr_t SECTOR = 32, BANKS = 32, WORD = 4;

struct Request {
    uint32_t lanes; // bits
    int bytes;      // of each lane
    uintptr_t address[LANES];
};

// The requests of one instruction in one block: those of a warp in order, and how often each thread
// has been here.
struct Instruction {
    Access access;
    bool shared;
    std::vector<Request> requests[MAX_WARPS];
    uint32_t passes[MAX_THREADS];
};

struct Counts {
    uint64_t requests, lanes, bytes_used;
    uint64_t moved; // sectors, or wavefronts
};

// One line of the report.
struct Line {
    const char *kernel;
    const void *instruction;
    Access access;
    bool shared;
    bool operator<(const Line &other) const {
        return std::tie(kernel, instruction, access, shared) <
               std::tie(other.kernel, other.instruction, other.access, other.shared);
    }
};

struct Profile {
    std::mutex lock;
    std::map<Line, Counts> lines;
    std::vector<const char *> kernels; // in the order of their first block
};

Profile &profile() {
    static Profile *all = new Profile; // never destroyed: printed at the end of the program
    return *all;
}

// This worker's requests of the block that runs.
std::unordered_map<const void *, Instruction> &instructions() {
    static thread_local std::unordered_map<const void *, Instruction> emulator_instructions;
    return emulator_instructions;
}

// Visits every unit (sector or word) that a lane of the request touches.
template <class Visit> void for_units(const Request &r, uintptr_t unit, Visit visit) {
    for (int lane = 0; lane < LANES; lane++) {
        if (!(r.lanes >> lane & 1)) continue;
        uintptr_t last = (r.address[lane] + (uintptr_t)r.bytes - 1) / unit;
        for (uintptr_t u = r.address[lane] / unit; u <= last; u++) visit(u);
    }
}

uint64_t sectors(const Request &r) {
    std::set<uintptr_t> touched;
    for_units(r, SECTOR, [&](uintptr_t sector) { touched.insert(sector); });
    return touched.size();
}

uint64_t wavefronts(const Request &r) {
    std::set<uintptr_t> words;
    uint64_t of_bank[BANKS] = {};
    for_units(r, WORD, [&](uintptr_t word) {
        if (words.insert(word).second) of_bank[word % BANKS]++;
    });
    return *std::max_element(of_bank, of_bank + BANKS);
}

void add(Counts *counts, const Request &r, bool shared) {
    int lanes = __builtin_popcount(r.lanes);
    counts->requests++;
    counts->lanes += (uint64_t)lanes;
    counts->bytes_used += (uint64_t)(lanes * r.bytes);
    counts->moved += shared ? wavefronts(r) : sectors(r);
}

const char *name_of(Access access) {
    return access == Access::ATOMIC ? "atomic" : writes(access) ? "write" : "read";
}

double per(uint64_t a, uint64_t b) { return (double)a / (double)b; }

void print_line(const std::string &where, const char *access, bool shared, const Counts &c) {
    fprintf(stderr, "  %-40s %-6s %-6s %9lu %6.2f ", where.c_str(), shared ? "shared" : "global",
            access, (unsigned long)c.requests, per(c.lanes, c.requests));
    if (shared)
        fprintf(stderr, "%8s %10.2f\n", "", per(c.moved, c.requests));
    else
        fprintf(stderr, "%8.2f %10s %4.0f%%\n", per(c.moved, c.requests), "",
                100 * per(c.bytes_used, c.moved * SECTOR));
}

// Instructions of one line are added up, reads and writes apart.
void print_kernel(const char *kernel) {
    std::map<std::tuple<std::string, bool, std::string>, Counts> lines;
    for (const auto &[line, counts] : profile().lines) {
        if (strcmp(line.kernel, kernel) != 0) continue;
        Counts &c = lines[{ source_line(line.instruction), line.shared, name_of(line.access) }];
        c.requests += counts.requests;
        c.lanes += counts.lanes;
        c.bytes_used += counts.bytes_used;
        c.moved += counts.moved;
    }
    fprintf(stderr, "profile of %s\n  %-40s %-6s %-6s %9s %6s %8s %10s %5s\n", kernel, "line",
            "memory", "access", "requests", "lanes", "sectors", "wavefronts", "used");
    for (const auto &[key, counts] : lines) {
        print_line(std::get<0>(key), std::get<2>(key).c_str(), std::get<1>(key), counts);
    }
}

void print_profile() {
    fflush(stdout);
    for (const char *kernel : profile().kernels) print_kernel(kernel);
}

void add_kernel(const char *kernel) {
    for (const char *known : profile().kernels) {
        if (strcmp(known, kernel) == 0) return;
    }
    profile().kernels.push_back(kernel);
}

} // namespace

bool profiling() {
    static const bool on = [] {
        const char *value = getenv("PROFILE");
        if (!value || strcmp(value, "1") != 0) return false;
        print_at_end(print_profile);
        return true;
    }();
    return on;
}

void profile_access(const void *address, int bytes, Access access, const void *instruction,
                    bool shared) {
    Instruction &i = instructions()[instruction];
    int thread = current->current;
    std::vector<Request> &requests = i.requests[thread / LANES];
    uint32_t pass = i.passes[thread]++;
    i.access = access;
    i.shared = shared;
    if (requests.size() <= pass) requests.resize(pass + 1);
    Request &r = requests[pass];
    r.lanes |= 1u << thread % LANES;
    r.bytes = bytes;
    r.address[thread % LANES] = reinterpret_cast<uintptr_t>(address);
}

void profile_block(const Block *block) {
    Profile &all = profile();
    std::lock_guard<std::mutex> guard(all.lock);
    add_kernel(block->launch->kernel);
    for (auto &[address, i] : instructions()) {
        Counts &counts = all.lines[{ block->launch->kernel, address, i.access, i.shared }];
        for (std::vector<Request> &requests : i.requests) {
            for (const Request &r : requests) add(&counts, r, i.shared);
        }
    }
    instructions().clear();
}

} // namespace emulator
