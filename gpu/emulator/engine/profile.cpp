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
#include <unordered_set>
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
    uint64_t moved;                         // sectors, or wavefronts
    std::unordered_set<uintptr_t> distinct; // sectors
};

// What is counted together.
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
    std::vector<KernelProfile> kernels; // without their lines; in the order of their first block
    bool on = false;
};

void print_profile();

Profile &profile() {
    static Profile *all = [] { // never destroyed: printed at the end of the program
        Profile *p = new Profile;
        const char *value = getenv("PROFILE");
        p->on = value && strcmp(value, "1") == 0;
        if (p->on) print_at_end(print_profile);
        return p;
    }();
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

std::set<uintptr_t> sectors(const Request &r) {
    std::set<uintptr_t> touched;
    for_units(r, SECTOR, [&](uintptr_t sector) { touched.insert(sector); });
    return touched;
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
    if (shared) {
        counts->moved += wavefronts(r);
        return;
    }
    std::set<uintptr_t> touched = sectors(r);
    counts->moved += touched.size();
    counts->distinct.insert(touched.begin(), touched.end());
}

const char *name_of(Access access) {
    return access == Access::ATOMIC ? "atomic" : writes(access) ? "write" : "read";
}

double per(uint64_t a, uint64_t b) { return (double)a / (double)b; }

void print_line(const LineProfile &l) {
    fprintf(stderr, "  %-40s %-6s %-6s %9lu %6.2f ", l.line.c_str(), l.shared ? "shared" : "global",
            l.access, (unsigned long)l.requests, per(l.lanes, l.requests));
    if (l.shared)
        fprintf(stderr, "%8s %10.2f\n", "", per(l.moved, l.requests));
    else
        fprintf(stderr, "%8.2f %10s %4.0f%%\n", per(l.moved, l.requests), "",
                100 * per(l.bytes_used, l.moved * SECTOR));
}

// Instructions of one line are added up, reads and writes apart.
KernelProfile profile_of(KernelProfile k) {
    typedef std::tuple<std::string, bool, std::string> Key; // of a line
    std::map<Key, LineProfile> lines;
    std::map<Key, std::unordered_set<uintptr_t>> distinct;
    std::unordered_set<uintptr_t> read, written;
    for (const auto &[line, counts] : profile().lines) {
        if (line.kernel != k.kernel) continue;
        const char *access = name_of(line.access);
        Key key{ source_line(line.instruction), line.shared, access };
        LineProfile &l = lines[key];
        l.line = std::get<0>(key);
        l.shared = line.shared;
        l.access = access;
        l.requests += counts.requests;
        l.lanes += counts.lanes;
        l.bytes_used += counts.bytes_used;
        l.moved += counts.moved;
        distinct[key].insert(counts.distinct.begin(), counts.distinct.end());
        bool atomic = line.access == Access::ATOMIC;
        if (atomic || !writes(line.access))
            read.insert(counts.distinct.begin(), counts.distinct.end());
        if (writes(line.access)) written.insert(counts.distinct.begin(), counts.distinct.end());
    }
    for (auto &[key, l] : lines) {
        l.distinct = distinct[key].size();
        k.lines.push_back(l);
    }
    k.sectors_read = read.size();
    k.sectors_written = written.size();
    return k;
}

void print_profile() {
    fflush(stdout);
    for (const KernelProfile &k : profile_results()) {
        fprintf(stderr, "profile of %s\n  %-40s %-6s %-6s %9s %6s %8s %10s %5s\n", k.kernel.c_str(),
                "line", "memory", "access", "requests", "lanes", "sectors", "wavefronts", "used");
        for (const LineProfile &l : k.lines) print_line(l);
    }
}

void add_launch(const Block *block) {
    std::vector<KernelProfile> &kernels = profile().kernels;
    const char *name = block->launch->kernel;
    auto found = std::find_if(kernels.begin(), kernels.end(),
                              [=](const KernelProfile &k) { return k.kernel == name; });
    if (found == kernels.end()) {
        kernels.push_back({ name, 0, 0, 0, {}, 0, 0 });
        found = kernels.end() - 1;
    }
    const Index i = block->index;
    found->launches += i.x == 0 && i.y == 0 && i.z == 0;
    found->blocks++;
    found->threads += (uint64_t)block->threads;
}

} // namespace

bool profiling() { return profile().on; }

void start_profile() {
    Profile &all = profile();
    all.lines.clear();
    all.kernels.clear();
    all.on = true;
}

std::vector<KernelProfile> profile_results() {
    std::vector<KernelProfile> results;
    for (const KernelProfile &k : profile().kernels) results.push_back(profile_of(k));
    return results;
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
    add_launch(block);
    for (auto &[address, i] : instructions()) {
        Counts &counts = all.lines[{ block->launch->kernel, address, i.access, i.shared }];
        for (std::vector<Request> &requests : i.requests) {
            for (const Request &r : requests) add(&counts, r, i.shared);
        }
    }
    instructions().clear();
}

} // namespace emulator
