// Which thread of a block runs: threads start in order, and one that has to wait for others
// switches to the next that can run. Kernels without barriers never switch.
#include "block.h"
#include "engine.h"
#include "fault.h"
#include "race.h"
#include <cstring>

namespace emulator {

__thread Block *current;

namespace {

constexpr unsigned SPINS = 64; // atomics in a row after which a thread may be waiting in a loop

uint32_t draw(Block *b) {
    b->random = b->random * 1664525u + 1013904223u;
    return b->random >> 8;
}

void set_running(Block *b, int thread) {
    b->current = thread;
    b->thread = thread_position(b->launch, thread);
    b->spins = 0;
}

void end_thread(Block *b) {
    b->thread_state[b->current].state = State::ENDED;
    b->live--;
    b->warps[b->current / LANES].live &= ~(1u << b->current % LANES);
    release_warp_operations(b, b->current / LANES);
    release_barrier(b);
}

Fiber *next_fiber(Block *b);

// The body of every fibre: starts threads until none is left that has not started.
void fiber_body() {
    Block *b = current;
    int fiber = b->fibers_used - 1; // it was prepared just now
    while (b->started < b->threads) {
        int thread = b->order[b->started++];
        b->thread_state[thread].fiber = fiber;
        b->thread_state[thread].state = State::READY;
        set_running(b, thread);
        b->launch->entry(b->launch->arguments);
        end_thread(b);
    }
    Fiber ended;
    Fiber *next = next_fiber(b);
    fiber_switch(&ended, next ? next : &b->main);
}

// A fibre that will start a thread. None that has ended is left to use again before that: fibres
// end when all threads have started.
Fiber *fresh_fiber(Block *b) {
    int fiber = b->fibers_used++;
    // Stacks at the same place of their pages would share few sets of the cache.
    size_t bytes = STACK_BYTES - (size_t)(fiber % 16) * 256;
    fiber_prepare(&b->fibers[fiber], b->stacks + (size_t)fiber * STACK_BYTES, bytes, fiber_body);
    return &b->fibers[fiber];
}

// The next READY thread in order, from the cursor or, in random order, from anywhere; -1: none.
int ready_thread(Block *b, bool random) {
    int from = random ? (int)(draw(b) % (uint32_t)b->threads) : b->cursor;
    for (int i = 0; i < b->threads; i++) {
        int place = from + i < b->threads ? from + i : from + i - b->threads;
        if (b->thread_state[b->order[place]].state != State::READY) continue;
        b->cursor = place + 1 < b->threads ? place + 1 : 0;
        return b->order[place];
    }
    return -1;
}

// Null when no thread can run: all have ended, or the others wait for each other.
Fiber *next_fiber(Block *b) {
    bool random = thread_order() == Order::RANDOM;
    bool can_start = b->started < b->threads;
    if (can_start && !(random && draw(b) % 2)) return fresh_fiber(b);
    int thread = ready_thread(b, random);
    if (thread < 0 && can_start) return fresh_fiber(b);
    if (thread < 0 && b->live > 0) {
        report_deadlock(b);
        abandon_block();
    }
    if (thread < 0) return nullptr;
    set_running(b, thread);
    return &b->fibers[b->thread_state[thread].fiber];
}

void set_order_of_threads(Block *b) {
    for (int i = 0; i < b->threads; i++) {
        b->order[i] = thread_order() == Order::REVERSE ? b->threads - 1 - i : i;
    }
    b->random = (b->serial + 1) * 2654435761u + thread_order_seed();
    if (thread_order() != Order::RANDOM) return;
    for (int i = b->threads - 1; i > 0; i--) {
        int other = (int)(draw(b) % (uint32_t)(i + 1)), thread = b->order[i];
        b->order[i] = b->order[other];
        b->order[other] = thread;
    }
}

void reset_warps(Block *b) {
    for (int w = 0; w * LANES < b->threads; w++) {
        Warp &warp = b->warps[w];
        int lanes = b->threads - w * LANES;
        warp.live = lanes >= LANES ? ~0u : (1u << lanes) - 1;
        warp.used = 0;
        if (warp.clock.used) memset(warp.clock.lane, 0, sizeof warp.clock.lane);
        warp.clock.used = false;
        warp.clock.all = 0;
    }
}

void reset(Block *b, const Launch *launch, long index) {
    b->launch = launch;
    long x = launch->grid.x, y = launch->grid.y;
    b->index = { (unsigned)(index % x), (unsigned)(index / x % y), (unsigned)(index / (x * y)) };
    b->threads = b->live = (int)(launch->block.x * launch->block.y * launch->block.z);
    b->started = b->cursor = b->fibers_used = 0;
    b->failed = false;
    b->barrier = {};
    b->serial = launch->first_serial + (uint32_t)index;
    reset_block_clock(b);
    for (int i = 0; i < b->threads; i++) b->thread_state[i] = {};
    reset_warps(b);
    set_order_of_threads(b);
}

} // namespace

Index thread_position(const Launch *launch, int thread) {
    unsigned t = (unsigned)thread, x = launch->block.x, y = launch->block.y;
    return { t % x, t / x % y, t / (x * y) };
}

void run_block(Block *b, const Launch *launch, long index) {
    reset(b, launch, index);
    current = b;
    fiber_switch(&b->main, fresh_fiber(b));
    current = nullptr;
}

void abandon_block() {
    Fiber abandoned;
    current->failed = true;
    fiber_switch(&abandoned, &current->main);
    __builtin_unreachable();
}

void wait() {
    Block *b = current;
    Fiber *self = &b->fibers[b->thread_state[b->current].fiber];
    Fiber *next = next_fiber(b);
    if (next != self) fiber_switch(self, next);
}

void maybe_yield() {
    if (++current->spins >= SPINS) wait();
}

} // namespace emulator
