#include "expert_order.cuh"
#include <algorithm>

// ---- a stable counting sort: each warp counts the experts of its part of the entries, the counts
// become places, and the warps put their entries there. A pool's parts have at least as many
// entries as it has experts, so that the table of counts is no larger than the entries.

static int part_entries(int F) { return std::max(1024, ceil_div(F, 32) * 32); }
static int part_count(size_t entries, int F) {
    return (int)((entries + part_entries(F) - 1) / part_entries(F));
}

size_t device_order_layout(DeviceOrder *out, float *block, const DeviceEntries *entries) {
    size_t used = 0, pools = (size_t)entries->pools, F = (size_t)entries->F;
    size_t parts = (size_t)part_count(entries->count, entries->F);
    out->order = (int32_t *)floats_take(block, &used, pools * entries->count);
    out->start = (int32_t *)floats_take(block, &used, pools * (F + 1));
    out->counts = (int32_t *)floats_take(block, &used, pools * parts * F);
    return used;
}

// counts (pools,parts,F) += how often the warp's part has each expert; zero on entry. With PLACE
// the counts are places, and the entries go there.
template <bool PLACE>
static __global__ void count_experts_kernel(int *counts, int *order, DeviceEntries entries,
                                            int part) {
    int F = entries.F, each = entries.each;
    size_t count = entries.count;
    int *own = counts + ((size_t)blockIdx.y * gridDim.x + blockIdx.x) * F;
    int lane = (int)threadIdx.x;
    size_t first = (size_t)blockIdx.x * part;
    size_t last = first + part < count ? first + part : count;
    for (size_t i0 = first; i0 < last; i0 += 32) {
        size_t i = i0 + lane;
        size_t entry = i / each * entries.slots + (size_t)blockIdx.y * each + i % each;
        int expert = i < last ? entries.index[entry] : -1;
        bool valid = expert >= 0;
        unsigned same = __match_any_sync(0xffffffffu, expert);
        int rank = __popc(same & ((1u << lane) - 1)); // of the lanes with this expert
        int place = valid ? own[expert] + rank : 0;
        __syncwarp();
        if (valid && rank == 0) own[expert] += __popc(same);
        if (PLACE && valid) order[(size_t)blockIdx.y * count + place] = (int)entry;
        __syncwarp();
    }
}

// One block per pool. start [F+1], and the counts of each part become the place of its first entry.
static __global__ void place_experts_kernel(int *start, int *counts, int parts, int F) {
    __shared__ int totals[256];
    int *own_start = start + (size_t)blockIdx.x * (F + 1);
    int *own = counts + (size_t)blockIdx.x * parts * F;
    int thread = (int)threadIdx.x, sum = 0;
    int from = (int)((long long)F * thread / 256), to = (int)((long long)F * (thread + 1) / 256);
    for (int f = from; f < to; f++) {
        for (int part = 0; part < parts; part++) sum += own[(size_t)part * F + f];
    }
    totals[thread] = sum;
    __syncthreads();
    int place = 0;
    for (int i = 0; i < thread; i++) place += totals[i];
    for (int f = from; f < to; f++) {
        own_start[f] = place;
        for (int part = 0; part < parts; part++) {
            int count = own[(size_t)part * F + f];
            own[(size_t)part * F + f] = place;
            place += count;
        }
    }
    if (thread == 255) own_start[F] = place;
}

void device_order_sort(const Gpu *gpu, const DeviceOrder *out, const DeviceEntries *entries) {
    int F = entries->F, pools = entries->pools, parts = part_count(entries->count, F),
        part = part_entries(F);
    dim3 grid((unsigned)parts, (unsigned)pools);
    CHECK(cudaMemsetAsync(out->counts, 0, (size_t)pools * parts * F * sizeof(int), gpu->stream));
    LAUNCH((count_experts_kernel<false>), grid, 32, 0, gpu->stream, out->counts, out->order,
           *entries, part);
    LAUNCH(place_experts_kernel, pools, 256, 0, gpu->stream, out->start, out->counts, parts, F);
    LAUNCH((count_experts_kernel<true>), grid, 32, 0, gpu->stream, out->counts, out->order,
           *entries, part);
    CHECK(launch_error());
}
