// A kernel launch. Included by cuda_runtime.h, so it needs nothing of the engine.
#pragma once
#include <cstddef>
#include <cstdint>

namespace emulator {

struct Index {
    unsigned x, y, z;
};

// A place in the source. As the default argument of a function it is where that was called.
struct Site {
    const char *file;
    int line;
    static constexpr Site here(const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
        return Site{ file, line };
    }
};

struct Fences; // race.h

struct Launch {
    const char *kernel; // as the program writes it, without its arguments
    Site site;
    Index grid, block;
    size_t shared_bytes; // dynamic
    void (*entry)(const void *arguments);
    const void *arguments;
    size_t argument_bytes;
    // set by run_grid
    uint32_t first_serial; // the serial number of block 0: every block of the program has its own
    Fences *fences;
};

// Runs all blocks, and returns when they have ended. False: a fault stopped it.
bool run_grid(Launch *launch);

// In which order the threads of a block run. EMULATOR_ORDER=forward, reverse or random:SEED in the
// environment sets it at the start.
enum class Order { FORWARD, REVERSE, RANDOM };
void set_order(Order order, unsigned seed = 1);

} // namespace emulator
