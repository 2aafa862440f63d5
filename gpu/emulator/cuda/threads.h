// Which thread this is, barriers of the block, fences, and how a kernel stops.
#pragma once
#include "../engine/barrier.h"
#include "vectors.h"

namespace emulator {

// A thread's place does not change, so the compiler may ask once.
uint3 thread_index() __attribute__((const));
uint3 block_index() __attribute__((const));
uint3 block_size() __attribute__((const));
uint3 grid_size() __attribute__((const));
void fence();
[[noreturn]] void trap(Site site);
unsigned active_mask();
long long clock_ticks();

} // namespace emulator

#define threadIdx (emulator::thread_index())
#define blockIdx  (emulator::block_index())
#define blockDim  (dim3(emulator::block_size()))
#define gridDim   (dim3(emulator::grid_size()))
constexpr int warpSize = 32;

static inline void __syncthreads(emulator::Site site = emulator::Site::here()) {
    emulator::barrier(false, "__syncthreads", site);
}
static inline int __syncthreads_count(int predicate, emulator::Site site = emulator::Site::here()) {
    return emulator::barrier(predicate != 0, "__syncthreads_count", site).votes;
}
static inline int __syncthreads_or(int predicate, emulator::Site site = emulator::Site::here()) {
    return emulator::barrier(predicate != 0, "__syncthreads_or", site).votes > 0;
}
static inline int __syncthreads_and(int predicate, emulator::Site site = emulator::Site::here()) {
    emulator::BarrierResult r = emulator::barrier(predicate != 0, "__syncthreads_and", site);
    return r.votes == r.threads;
}

static inline void __threadfence() { emulator::fence(); }
static inline void __threadfence_block() { emulator::fence(); }
static inline void __threadfence_system() { emulator::fence(); }
static inline void __trap(emulator::Site site = emulator::Site::here()) { emulator::trap(site); }
static inline long long clock64() { return emulator::clock_ticks(); }
static inline void __nanosleep(unsigned) {}
// The lanes that run together with this one are not defined by the language: here it runs alone.
static inline unsigned __activemask() { return emulator::active_mask(); }
