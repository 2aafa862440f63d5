// Cooperative groups: the block, tiles, and reductions over them.
#include "check.h"
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
namespace cg = cooperative_groups;

__device__ int failures;
__device__ void expect(bool condition, int number) {
    if (condition) return;
    printf("not true: %d, thread %u\n", number, threadIdx.x);
    atomicAdd(&failures, 1);
}

// One sum for each block: in tiles by shuffles, then of the tiles' sums through shared memory.
template <int SIZE> __global__ void sum(int *y, const int *x, int n) {
    __shared__ int sums[1024 / SIZE];
    cg::thread_block block = cg::this_thread_block();
    cg::thread_block_tile<SIZE> tile = cg::tiled_partition<SIZE>(block);
    int t = block.thread_rank(), i = blockIdx.x * block.size() + t;
    int v = i < n ? x[i] : 0;
    int total = cg::reduce(tile, v, cg::plus<int>());
    expect(cg::reduce(tile, t, cg::greater<int>()) == t / SIZE * SIZE + SIZE - 1, 1);
    for (int d = SIZE / 2; d > 0; d /= 2) v += tile.shfl_down(v, d);
    if (tile.thread_rank() == 0) {
        expect(v == total, 2);
        sums[tile.meta_group_rank()] = v;
    }
    block.sync();
    if (t == 0) {
        int all = 0;
        for (unsigned k = 0; k < block.size() / SIZE; k++) all += sums[k];
        y[blockIdx.x] = all;
    }
}

__global__ void votes() {
    auto tile = cg::tiled_partition<8>(cg::this_thread_block());
    int rank = tile.thread_rank();
    expect(tile.ballot(rank % 2) == 0xaau && tile.any(rank == 7) && !tile.all(rank < 7), 3);
    expect(tile.shfl(rank, 3) == 3 && tile.shfl_xor(rank, 1) == (rank ^ 1), 4);
    expect(tile.shfl_up(rank, 2) == (rank < 2 ? rank : rank - 2), 5);
    __shared__ int s[64];
    s[threadIdx.x] = rank;
    tile.sync();
    expect(s[threadIdx.x / 8 * 8 + 7 - rank] == 7 - rank, 6);
    cg::sync(tile);
    expect(cg::this_thread_block().group_index().x == blockIdx.x && tile.size() == 8, 7);
}

int main() {
    std::vector<int> numbers(1000);
    int total = 0;
    for (int i = 0; i < 1000; i++) total += numbers[i] = i % 17;
    Buffer<int> x(numbers), y(4, 0);
    for (int size = 4; size <= 32; size *= 2) {
        if (size == 4) sum<4><<<4, 256>>>(y.device, x.device, 1000);
        if (size == 16) sum<16><<<4, 256>>>(y.device, x.device, 1000);
        if (size == 32) sum<32><<<4, 256>>>(y.device, x.device, 1000);
        std::vector<int> sums = y.host();
        CHECK(sums[0] + sums[1] + sums[2] + sums[3] == total);
    }
    votes<<<2, 64>>>();
    int found;
    OK(cudaMemcpyFromSymbol(&found, failures, sizeof found));
    CHECK(found == 0);
    puts("ok");
}
