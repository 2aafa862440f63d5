#pragma once
#include "gpu/launch.h"

// [warp_sum
// The sum of x over the lanes of the warp. Every lane gets it.
template <class T> static __device__ inline T warp_sum(T x) {
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
}
// warp_sum]
