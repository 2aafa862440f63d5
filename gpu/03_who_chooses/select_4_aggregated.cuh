// least (pools): of each pool the lowest key that is taken     oracle: chapters/03_who_chooses/
// routing.c, route_tokens
// select_3_radix.cuh, but the lanes of a warp that have the same digit are counted at once: scores
// are similar, so their highest digits are nearly always the same, and atomics on one number have
// to wait for each other.
#pragma once
#include "gpu/03_who_chooses/select_3_radix.cuh"

// [aggregated
struct CountAggregated {
    static __device__ void add(int *bins, int digit) {
        unsigned same = __match_any_sync(0xffffffffu, digit), lane = threadIdx.x % 32;
        bool first = (same & ((1u << lane) - 1)) == 0;
        if (digit >= 0 && first) atomicAdd(&bins[digit], __popc(same));
    }
};
// aggregated]

static inline const char *select_aggregated(Key *least, const Pools &p, void *scratch,
                                            cudaStream_t stream) {
    (void)scratch;
    return launch_select_radix<CountAggregated>(least, p, stream);
}
