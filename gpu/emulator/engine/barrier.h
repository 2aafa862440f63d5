// What __syncthreads() and its kin do. Included by cuda_runtime.h.
#pragma once
#include "grid.h"

namespace emulator {

// How many threads took part in the barrier, and how many of them had a true predicate.
struct BarrierResult {
    int threads, votes;
};
BarrierResult barrier(bool predicate, const char *operation, Site site);

} // namespace emulator
