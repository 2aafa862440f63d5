// One CUDA block while it runs: its threads, warps and barrier. An OS thread (a worker) runs one
// block at a time, to its end, and uses the same Block for the next.
#pragma once
#include "fiber.h"
#include "grid.h"
#include <cstdint>

namespace emulator {

constexpr int MAX_THREADS = 1024; // of a block, as on every GPU
constexpr int LANES = 32;
constexpr int MAX_WARPS = MAX_THREADS / LANES;
// Of a thread: CUDA allows 512 KiB of local memory. Only what is touched uses memory.
constexpr size_t STACK_BYTES = 640 << 10;

enum class State : uint8_t { FRESH, READY, AT_BARRIER, AT_WARP_OPERATION, ENDED };

struct Thread {
    State state;
    int fiber;             // the fibre that runs it, once it has started
    const char *operation; // what it waits for, and where
    Site site;
    bool after_volatile; // its last access was volatile: the next one comes after what that saw
};

// Counts the arrivals of one barrier. The result is read by threads that run after its end, when
// the first may have reached the next barrier: so there are two, used in turn.
struct Barrier {
    Site site; // of the threads that wait
    int arrived, votes;
    struct {
        int threads, votes;
    } result[2];
    unsigned generation;
};

// A warp operation (shuffle, vote, ...): complete when every live lane of the mask has arrived,
// free again when all of them have taken their results. A lane is in one at most, so 32 are enough.
struct WarpOperation {
    unsigned mask, arrived, taken; // bits of lanes; arrived is 0 in a free one
    bool complete;
    const char *operation;
    Site site;
    uint64_t value[LANES];
};

// What the lanes of a warp know of each other's memory accesses (see race.h).
struct WarpClock {
    uint32_t all;                // when all live lanes last synchronised
    bool used;                   // whether lane differs from 0
    uint32_t lane[LANES][LANES]; // [a][b]: up to when a has seen what b did
};

struct Warp {
    unsigned live; // lanes that have not ended
    unsigned used; // which of the operations are not free
    WarpOperation operations[LANES];
    WarpClock clock;
};

struct Block {
    const Launch *launch;
    Index index, thread; // blockIdx, and threadIdx of the running thread
    int current;         // number of the running thread
    int threads, live, started;
    int order[MAX_THREADS]; // in which threads start and, when many could run, are resumed
    int cursor;             // the place in order from which to look for a thread to resume
    uint32_t random;
    Thread thread_state[MAX_THREADS];
    Warp warps[MAX_WARPS];
    Barrier barrier;
    bool failed; // its threads were abandoned after a fault

    Fiber main, fibers[MAX_THREADS];
    int fibers_used;
    char *stacks;   // one after the other, after an unused one
    unsigned spins; // atomics since the last switch

    // For races, see race.h.
    uint32_t serial, now, last_barrier;
    uint32_t last_fence[MAX_THREADS], last_acquire[MAX_THREADS];
    uint64_t acquired;
};

// The block that this OS thread runs, or null in host code.
extern __thread Block *current;

void run_block(Block *block, const Launch *launch, long index);
// Ends the block after a fault; the other threads of the block do not go on either.
[[noreturn]] void abandon_block();
// Lets others run if this thread may be waiting in a loop for what they do.
void maybe_yield();
// Suspends the running thread, whose state has been set, until its state is READY.
void wait();
void release_warp_operations(Block *block, int warp);
Index thread_position(const Launch *launch, int thread);

} // namespace emulator
