// Shuffles, votes, matches and reductions, of whole warps and of parts of them.
#include "check.h"
#define FULL 0xffffffffu

__device__ int failures;

__device__ void expect(bool condition, int number) {
    if (condition) return;
    printf("not true: %d, thread %u\n", number, threadIdx.x);
    atomicAdd(&failures, 1);
}

__global__ void shuffles() {
    int lane = threadIdx.x % 32;
    expect(__shfl_sync(FULL, lane * 2, 5) == 10, 1);
    expect(__shfl_sync(FULL, lane, lane + 1) == (lane + 1) % 32, 2);
    expect(__shfl_up_sync(FULL, lane, 3) == (lane < 3 ? lane : lane - 3), 3);
    expect(__shfl_down_sync(FULL, lane, 3) == (lane > 28 ? lane : lane + 3), 4);
    expect(__shfl_xor_sync(FULL, 0.5 * lane, 9) == 0.5 * (lane ^ 9), 5);
    expect(__shfl_sync(FULL, lane, 3, 8) == lane / 8 * 8 + 3, 6);
    expect(__shfl_up_sync(FULL, lane, 1, 16) == (lane % 16 == 0 ? lane : lane - 1), 7);
    expect(__shfl_down_sync(FULL, lane, 4, 8) == (lane % 8 > 3 ? lane : lane + 4), 8);
    long long big = (1ll << 40) + lane;
    expect(__shfl_xor_sync(FULL, big, 1) == (1ll << 40) + (lane ^ 1), 9);
}

__global__ void votes() {
    int lane = threadIdx.x % 32;
    expect(__ballot_sync(FULL, lane % 3 == 0) == 0x49249249u, 10);
    expect(__any_sync(FULL, lane == 31) && !__any_sync(FULL, lane == 32), 11);
    expect(__all_sync(FULL, lane < 32) && !__all_sync(FULL, lane < 31), 12);
    expect(__match_any_sync(FULL, lane / 16) == (lane < 16 ? 0xffffu : 0xffff0000u), 13);
    int all;
    expect(__match_all_sync(FULL, 7, &all) == FULL && all, 14);
    expect(__match_all_sync(FULL, lane, &all) == 0 && !all, 15);
}

__global__ void reductions() {
    int lane = threadIdx.x % 32;
    expect(__reduce_add_sync(FULL, lane) == 496, 16);
    expect(__reduce_max_sync(FULL, lane ^ 5) == 31 && __reduce_min_sync(FULL, lane - 7) == -7, 17);
    expect(__reduce_or_sync(FULL, 1u << lane) == FULL, 18);
    expect(__reduce_and_sync(FULL, ~(1u << lane)) == 0, 19);
    expect(__reduce_xor_sync(FULL, 3u) == 0, 20);
}

// Each quarter of the warp works for itself, another number of times; then all together.
__global__ void parts() {
    int lane = threadIdx.x % 32, part = lane / 8;
    unsigned mask = 0xffu << 8 * part;
    int sum = lane;
    for (int r = 0; r <= part; r++) {
        sum = lane;
        for (int d = 4; d > 0; d /= 2) sum += __shfl_xor_sync(mask, sum, d);
        __syncwarp(mask);
    }
    expect(sum == 64 * part + 28, 21);
    if (lane < 20) expect(__ballot_sync(0xfffffu, 1) == 0xfffffu, 22);
    expect(__reduce_add_sync(FULL, sum) == 8 * (28 * 4 + 64 * 6), 23);
}

// What one lane has written, others see after __syncwarp, also over several steps.
__global__ void memory() {
    __shared__ int s[64];
    int t = threadIdx.x, lane = t % 32;
    s[t] = lane;
    __syncwarp();
    expect(s[t ^ 1] == (lane ^ 1), 24);
    __syncwarp();
    if (lane == 0) s[t] = 100;
    if (lane < 2) __syncwarp(3);
    if (lane == 1 || lane == 2) __syncwarp(6);
    if (lane == 2) expect(s[t - 2] == 100, 25); // through lane 1
}

int main() {
    shuffles<<<2, 64>>>();
    votes<<<2, 96>>>();
    reductions<<<1, 1024>>>();
    parts<<<2, 64>>>();
    memory<<<1, 64>>>();
    int found;
    OK(cudaMemcpyFromSymbol(&found, failures, sizeof found));
    CHECK(found == 0);
    puts("ok");
}
