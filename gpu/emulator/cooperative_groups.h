// Cooperative groups: the block, and tiles of it that lie in one warp. The grid as a group, and
// groups that threads form as they come, are not emulated.
#pragma once
#include "cuda_runtime.h"

namespace cooperative_groups {

class thread_block {
  public:
    static void sync(emulator::Site site = emulator::Site::here()) { __syncthreads(site); }
    static unsigned thread_rank() {
        return (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    }
    static unsigned size() { return blockDim.x * blockDim.y * blockDim.z; }
    static unsigned num_threads() { return size(); }
    static dim3 group_index() { return blockIdx; }
    static dim3 thread_index() { return threadIdx; }
    static dim3 group_dim() { return blockDim; }
    static dim3 dim_threads() { return blockDim; }
};

inline thread_block this_thread_block() { return {}; }

// SIZE threads that follow each other in the block: 1, 2, 4, ... or 32.
template <unsigned SIZE, class Parent = void> class thread_block_tile {
    static_assert(SIZE <= 32 && (SIZE & (SIZE - 1)) == 0, "a tile has 1, 2, 4, ... or 32 threads");
    using Site = emulator::Site;

    static unsigned first() { return (unsigned)emulator::lane_number() / SIZE * SIZE; }

  public:
    thread_block_tile() = default;
    template <class Other> thread_block_tile(const thread_block_tile<SIZE, Other> &) {}
    // The lanes of the warp that the tile has.
    static unsigned mask() { return (SIZE == 32 ? ~0u : (1u << SIZE % 32) - 1) << first(); }
    static unsigned thread_rank() { return (unsigned)emulator::lane_number() - first(); }
    static constexpr unsigned size() { return SIZE; }
    static constexpr unsigned num_threads() { return SIZE; }
    static unsigned meta_group_rank() { return thread_block::thread_rank() / SIZE; }
    static unsigned meta_group_size() { return (thread_block::size() + SIZE - 1) / SIZE; }
    static void sync(Site site = Site::here()) { __syncwarp(mask(), site); }
    template <class T> static T shfl(T value, int source, Site site = Site::here()) {
        return __shfl_sync(mask(), value, source, SIZE, site);
    }
    template <class T> static T shfl_up(T value, unsigned delta, Site site = Site::here()) {
        return __shfl_up_sync(mask(), value, delta, SIZE, site);
    }
    template <class T> static T shfl_down(T value, unsigned delta, Site site = Site::here()) {
        return __shfl_down_sync(mask(), value, delta, SIZE, site);
    }
    template <class T> static T shfl_xor(T value, int bits, Site site = Site::here()) {
        return __shfl_xor_sync(mask(), value, bits, SIZE, site);
    }
    // Bits of ballots and matches count from the tile's first lane.
    static unsigned ballot(int predicate, Site site = Site::here()) {
        return __ballot_sync(mask(), predicate, site) >> first();
    }
    static int any(int predicate, Site site = Site::here()) {
        return __any_sync(mask(), predicate, site);
    }
    static int all(int predicate, Site site = Site::here()) {
        return __all_sync(mask(), predicate, site);
    }
    template <class T> static unsigned match_any(T value, Site site = Site::here()) {
        return __match_any_sync(mask(), value, site) >> first();
    }
};

template <unsigned SIZE, class Parent>
thread_block_tile<SIZE, Parent> tiled_partition(const Parent &) {
    return {};
}

template <class Group> void sync(const Group &group, emulator::Site site = emulator::Site::here()) {
    group.sync(site);
}

} // namespace cooperative_groups
