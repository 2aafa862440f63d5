// What the parts of the engine use of each other.
#pragma once
#include "block.h"

namespace emulator {

// launch.cpp
Order thread_order();
unsigned thread_order_seed();

// barrier.cpp, warp.cpp
void release_barrier(Block *block);       // if all live threads have arrived
void report_deadlock(const Block *block); // as a fault that names the waiting threads

} // namespace emulator
