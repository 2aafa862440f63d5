// Operations of the lanes of one warp: each gives a value, waits until all lanes of the mask have
// given theirs, and computes its result from all of them. Included by cuda_runtime.h.
#pragma once
#include "grid.h"
#include <cstdint>

namespace emulator {

struct WarpOperation;

// Gives the calling lane's value, and waits for the others.
WarpOperation *warp_arrive(unsigned mask, uint64_t value, const char *operation, Site site);
// After warp_arrive: the lanes that took part, and the value of one of them. A lane that did not
// take part is a fault (a GPU gives an undefined value); the result is the calling lane's value.
unsigned warp_lanes(const WarpOperation *operation);
uint64_t warp_value(const WarpOperation *operation, int lane);
// The calling lane has taken its results.
void warp_leave(WarpOperation *operation);

// __syncwarp: also orders the memory accesses of the lanes.
void warp_barrier(unsigned mask, Site site);
int lane_number();

} // namespace emulator
