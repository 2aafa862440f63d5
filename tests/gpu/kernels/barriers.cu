// Barriers, with votes and with dynamic shared memory; indices in three dimensions.
#include "check.h"

// Inclusive sums of each block's numbers.
__global__ void scan(int *y, const int *x) {
    extern __shared__ int s[];
    int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
    s[t] = x[i];
    __syncthreads();
    for (int d = 1; d < (int)blockDim.x; d *= 2) {
        int v = t >= d ? s[t - d] : 0;
        __syncthreads();
        s[t] += v;
        __syncthreads();
    }
    y[i] = s[t];
}

// Votes of the block's threads, in a loop so that one barrier follows the other.
__global__ void vote(int *y, int rounds) {
    int t = threadIdx.x, good = 0;
    for (int r = 0; r < rounds; r++) {
        int below = __syncthreads_count(t < r);
        int any = __syncthreads_or(t == r);
        int all = __syncthreads_and(t < 100 + r);
        good += below == min(r, (int)blockDim.x) && any == (r < (int)blockDim.x) && all;
    }
    y[t] = good;
}

// Threads that have ended are not waited for.
__global__ void leave_early(int *y) {
    __shared__ int s[64];
    int t = threadIdx.x;
    if (t >= 50) return;
    s[t] = t;
    __syncthreads();
    y[t] = s[49 - t];
}

__global__ void place(unsigned *y) {
    unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    unsigned size = blockDim.x * blockDim.y * blockDim.z;
    y[block * size + thread] = blockIdx.z << 24 | blockIdx.x << 16 | threadIdx.y << 8 | threadIdx.z;
}

static void test_scan(int blocks, int threads) {
    std::vector<int> numbers(blocks * threads);
    for (size_t i = 0; i < numbers.size(); i++) numbers[i] = (int)(i * 7 % 11);
    Buffer<int> x(numbers), y(numbers.size(), 0);
    scan<<<blocks, threads, threads * sizeof(int)>>>(y.device, x.device);
    std::vector<int> result = y.host();
    int sum = 0;
    for (size_t i = 0; i < numbers.size(); i++) {
        sum = (i % threads == 0 ? 0 : sum) + numbers[i];
        CHECK(result[i] == sum);
    }
}

static void test_place() {
    dim3 grid(3, 2, 4), block(5, 3, 2);
    Buffer<unsigned> y(24 * 30, 0);
    place<<<grid, block>>>(y.device);
    std::vector<unsigned> result = y.host();
    for (unsigned i = 0; i < 24 * 30; i++) {
        unsigned b = i / 30, t = i % 30;
        CHECK(result[i] == (b / 6 << 24 | b % 3 << 16 | t / 5 % 3 << 8 | t / 15));
    }
}

int main() {
    test_scan(1, 1);
    test_scan(3, 37);
    test_scan(8, 1024);
    Buffer<int> votes(100, 0), early(50, 0);
    vote<<<1, 100>>>(votes.device, 17);
    for (int good : votes.host()) CHECK(good == 17);
    leave_early<<<1, 64>>>(early.device);
    CHECK(early.host()[0] == 49 && early.host()[49] == 0);
    test_place();
    puts("ok");
}
