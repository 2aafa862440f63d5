// What kernels call beside barriers and warp operations.
#include "block.h"
#include "fault.h"
#include "memory.h"
#include "race.h"
#include "runtime.h"
#include "warp.h"
#include <chrono>

namespace emulator {
namespace {

// Host code that asks where it runs is a mistake, not a crash.
const Block *running(const char *what) {
    if (current) return current;
    fprintf(stderr, "emulator: host code uses %s\n", what);
    abort();
}

uint3 vector(Index i) { return { i.x, i.y, i.z }; }

} // namespace

uint3 thread_index() { return vector(running("threadIdx")->thread); }
uint3 block_index() { return vector(running("blockIdx")->index); }
uint3 block_size() { return vector(running("blockDim")->launch->block); }
uint3 grid_size() { return vector(running("gridDim")->launch->grid); }
unsigned active_mask() { return 1u << lane_number(); }

long long clock_ticks() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

void trap(Site site) {
    fault("trap: the kernel stops itself", site);
    abandon_block();
}

void begin_atomic(void *address, int bytes, const void *instruction) {
    if (reinterpret_cast<uintptr_t>(address) % (uintptr_t)bytes != 0) {
        fault("misaligned address", instruction,
              format("  an atomic of %d bytes at %p\n", bytes, address));
        abandon_block();
    }
    if (current) {
        maybe_yield();
        acquire();
    }
    check_access(address, bytes, Access::ATOMIC, instruction);
}

void end_atomic() {
    if (current) acquire();
}

} // namespace emulator
