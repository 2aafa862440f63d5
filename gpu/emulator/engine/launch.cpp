#include "engine.h"
#include "fault.h"
#include "profile.h"
#include "race.h"
#include "shared.h"
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>

namespace emulator {
namespace {

struct Settings {
    Order order = Order::FORWARD;
    unsigned seed = 1;
};

Settings settings_of_environment() {
    Settings s;
    const char *order = getenv("EMULATOR_ORDER");
    if (!order || strcmp(order, "forward") == 0) return s;
    if (strcmp(order, "reverse") == 0) {
        s.order = Order::REVERSE;
    } else if (strncmp(order, "random", 6) == 0 && (order[6] == ':' || order[6] == '\0')) {
        s.order = Order::RANDOM;
        if (order[6] == ':') s.seed = (unsigned)strtoul(order + 7, nullptr, 10);
    } else {
        fprintf(stderr, "emulator: EMULATOR_ORDER=%s is not forward, reverse or random:SEED\n",
                order);
        exit(2);
    }
    return s;
}

Settings &settings() {
    static Settings s = settings_of_environment();
    return s;
}

__thread Block *own; // this worker's

// It lasts as long as the program: OpenMP keeps its threads.
Block *own_block() {
    if (own) return own;
    void *block =
        mmap(nullptr, sizeof(Block), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *stacks = mmap(nullptr, (MAX_THREADS + 1) * STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED || stacks == MAP_FAILED) {
        fprintf(stderr, "emulator: no memory for the stacks of %d threads\n", MAX_THREADS);
        exit(1);
    }
    own = new (block) Block;
    own->stacks = static_cast<char *>(stacks) + STACK_BYTES;
    return own;
}

} // namespace

Order thread_order() { return settings().order; }
unsigned thread_order_seed() { return settings().seed; }
void set_order(Order order, unsigned seed) { settings() = { order, seed }; }

bool run_grid(Launch *launch) {
    static std::atomic<uint32_t> serial{ 1 };
    long blocks = (long)launch->grid.x * launch->grid.y * launch->grid.z;
    launch->first_serial = serial.fetch_add((uint32_t)blocks);
    launch->fences = new_fences(launch);
    std::atomic<bool> failed{ false };
    bool parallel = blocks > 1;
    (void)parallel; // without OpenMP
#pragma omp parallel for schedule(dynamic, 1) if (parallel)
    for (long i = 0; i < blocks; i++) {
        if (failed) continue;
        Block *block = own_block();
        reset_shared_memory(launch->shared_bytes);
        run_block(block, launch, i);
        if (profiling()) profile_block(block);
        if (block->failed) failed = true;
    }
    free_fences(launch->fences);
    return !failed;
}

} // namespace emulator
