#include "gpu/07_language_model/reduce.cuh"
#include "neuron_experts.cuh"
#include <algorithm>

enum { EXPERT_WARPS = 4 };

// Threads for D columns: whole warps, at most 256.
static int column_threads(int D) { return std::min(ceil_div(D, 32) * 32, 256); }

// One warp per entry.
static __global__ void experts_dot_kernel(float *z, const float *x, const float *table,
                                          const int *index, size_t entries, int C, int K, int F,
                                          int pools, int D) {
    size_t entry = (size_t)blockIdx.x * EXPERT_WARPS + threadIdx.x / 32;
    if (entry >= entries) return;
    int lane = (int)threadIdx.x % 32, c = (int)(entry / K % C);
    const float *xt = x + entry / K / C * D;
    const float *row = table + ((size_t)(pools == 1 ? 0 : c) * F + index[entry]) * D;
    float sum = 0.0f;
    for (int d = lane; d < D; d += 32) sum += xt[d] * row[d];
    sum = warp_sum(sum);
    if (lane == 0) z[entry] = sum;
}

void device_experts_dot(const Gpu *gpu, float *z, const float *x, const float *table,
                        const Gating *gating, int pools, int D) {
    size_t entries = gating_entries(gating);
    LAUNCH(experts_dot_kernel, (unsigned)((entries + EXPERT_WARPS - 1) / EXPERT_WARPS),
           32 * EXPERT_WARPS, 0, gpu->stream, z, x, table, gating->index, entries, gating->C,
           gating->K, gating->F, pools, D);
    CHECK(launch_error());
}

// One block per token; a thread owns columns.
static __global__ void experts_sum_kernel(float *y, const float *weight, const float *table,
                                          const int *index, int C, int K, int F, int pools, int D) {
    size_t first = (size_t)blockIdx.x * C * K;
    for (int d = (int)threadIdx.x; d < D; d += (int)blockDim.x) {
        float sum = 0.0f;
        for (int i = 0; i < C * K; i++) {
            size_t row = (size_t)(pools == 1 ? 0 : i / K) * F + index[first + i];
            sum += weight[first + i] * table[row * D + d];
        }
        y[(size_t)blockIdx.x * D + d] = sum;
    }
}

void device_experts_sum(const Gpu *gpu, float *y, const float *weight, const float *table,
                        const Gating *gating, int pools, int D) {
    LAUNCH(experts_sum_kernel, gating->N, column_threads(D), 0, gpu->stream, y, weight, table,
           gating->index, gating->C, gating->K, gating->F, pools, D);
    CHECK(launch_error());
}

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

DeviceEntries gating_pools(const Gating *gating, int pools) {
    int slots = gating->C * gating->K, each = slots / pools;
    return { gating->index, (size_t)gating->N * each, pools, gating->F, each, slots };
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

// One block per expert; a thread owns columns.
static __global__ void experts_gradient_kernel(float *dtable, const float *weight, const float *v,
                                               const int *order, const int *start, size_t count,
                                               int slots, int F, int D) {
    int f = (int)blockIdx.x, pool = (int)blockIdx.y;
    const int *own_start = start + (size_t)pool * (F + 1), *own = order + (size_t)pool * count;
    int first = own_start[f], last = own_start[f + 1];
    for (int d = (int)threadIdx.x; d < D; d += (int)blockDim.x) {
        float sum = 0.0f;
        for (int i = first; i < last; i++)
            sum += weight[own[i]] * v[(size_t)(own[i] / slots) * D + d];
        dtable[((size_t)pool * F + f) * D + d] = sum;
    }
}

void device_experts_gradient(const Gpu *gpu, float *dtable, const float *weight, const float *v,
                             const DeviceOrder *order, const Gating *gating, int pools, int D) {
    int F = gating->F, slots = gating->C * gating->K;
    size_t count = (size_t)gating->N * (slots / pools);
    LAUNCH(experts_gradient_kernel, dim3((unsigned)F, (unsigned)pools), column_threads(D), 0,
           gpu->stream, dtable, weight, v, order->order, order->start, count, slots, F, D);
    CHECK(launch_error());
}
