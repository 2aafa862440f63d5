// Correct kernels that come close to a race.
#include "check.h"

// Two buffers, so that one barrier in each step is enough.
__global__ void two_buffers(int *y, const int *x, int steps) {
    __shared__ int buffer[2][64];
    int t = threadIdx.x;
    buffer[0][t] = x[t];
    for (int i = 0; i < steps; i++) {
        __syncthreads();
        buffer[(i + 1) % 2][t] = buffer[i % 2][(t + 1) % 64];
    }
    y[t] = buffer[steps % 2][t];
}

// Every thread has a byte of its own, four of them in a word; and parts of a structure.
struct Mixed {
    char a;
    short b;
    int c;
};
__global__ void neighbours(unsigned char *bytes, Mixed *mixed) {
    __shared__ unsigned char s[96];
    int t = threadIdx.x;
    s[t] = (unsigned char)t;
    bytes[blockIdx.x * blockDim.x + t] = (unsigned char)(2 * s[t]);
    Mixed *m = mixed + t / 3;
    if (blockIdx.x != 0) return;
    if (t % 3 == 0) m->a = 1;
    if (t % 3 == 1) m->b = 2;
    if (t % 3 == 2) m->c = 3;
}

// All threads read one word, then one of them writes it.
__global__ void read_then_write(int *y) {
    __shared__ int limit;
    if (threadIdx.x == 0) limit = 10;
    __syncthreads();
    int sum = 0;
    for (int i = 0; i < limit; i++) sum += limit;
    __syncthreads();
    if (threadIdx.x == 37) limit = sum;
    __syncthreads();
    y[threadIdx.x] = limit;
}

// Quarters of a warp, each with its own memory and its own barriers.
__global__ void quarters(int *y) {
    __shared__ int s[64];
    int t = threadIdx.x, lane = t % 32, first = t / 8 * 8;
    unsigned mask = 0xffu << lane / 8 * 8;
    s[t] = lane;
    for (int d = 1; d < 8; d *= 2) {
        __syncwarp(mask);
        int other = s[first + (t + d) % 8];
        __syncwarp(mask);
        s[t] += other;
    }
    y[t] = s[t];
}

// A flag within a block: the value is written before the fence, and read after the atomic.
__global__ void flag_in_block(int *y) {
    __shared__ int value, ready;
    if (threadIdx.x == 0) ready = 0;
    __syncthreads();
    if (threadIdx.x == 70) {
        value = 5;
        __threadfence_block();
        atomicExch(&ready, 1);
    } else if (threadIdx.x < 3) {
        while (atomicAdd(&ready, 0) == 0) {}
        y[threadIdx.x] = value;
    }
}

// Each block waits for the sum of those before it: blocks take their numbers as they start.
__global__ void chain(int *sums, int *flags, int *next) {
    __shared__ int number;
    if (threadIdx.x == 0) number = atomicAdd(next, 1);
    __syncthreads();
    if (threadIdx.x != 0) return;
    int before = 0;
    if (number > 0) {
        while (atomicAdd(&flags[number - 1], 0) == 0) {}
        before = sums[number - 1];
    }
    sums[number] = before + number;
    __threadfence();
    atomicExch(&flags[number], 1);
}

// The same with volatile flags.
__global__ void volatile_chain(int *sums, volatile int *flags, int *next) {
    __shared__ int number;
    if (threadIdx.x == 0) number = atomicAdd(next, 1);
    __syncthreads();
    if (threadIdx.x != 0) return;
    int before = 0;
    if (number > 0) {
        while (flags[number - 1] == 0) {}
        __threadfence();
        before = sums[number - 1];
    }
    sums[number] = before + number;
    __threadfence();
    flags[number] = 1;
}

// One launch reads what other blocks of the one before have written, in place.
__global__ void rotate(int *x, int n, int by) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[n + i] = x[(i + by) % n];
}
__global__ void copy_back(int *x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[n - 1 - i] = x[n + (n - 1 - i)];
}

// The parts of a vector are written by different threads, and read as one.
__global__ void parts(float4 *y) {
    __shared__ float4 s[16];
    reinterpret_cast<float *>(s)[threadIdx.x] = (float)threadIdx.x;
    __syncthreads();
    if (threadIdx.x < 16) y[threadIdx.x] = s[15 - threadIdx.x];
}

int main() {
    std::vector<int> numbers(64);
    for (int i = 0; i < 64; i++) numbers[i] = i;
    Buffer<int> x(numbers), y(96, 0);
    two_buffers<<<1, 64>>>(y.device, x.device, 5);
    CHECK(y.host()[0] == 5 && y.host()[63] == 4);
    Buffer<unsigned char> bytes(192, 0);
    Buffer<Mixed> mixed(32, Mixed{ 0, 0, 0 });
    neighbours<<<2, 96>>>(bytes.device, mixed.device);
    CHECK(bytes.host()[99] == 6 && mixed.host()[31].b == 2 && mixed.host()[31].c == 3);
    read_then_write<<<1, 96>>>(y.device);
    CHECK(y.host()[95] == 100);
    quarters<<<1, 64>>>(y.device);
    CHECK(y.host()[0] == 28 && y.host()[63] == 8 * 24 + 28);
    flag_in_block<<<1, 96>>>(y.device);
    CHECK(y.host()[0] == 5 && y.host()[2] == 5);
    Buffer<int> sums(50, 0), flags(50, 0), next(1, 0);
    chain<<<50, 32>>>(sums.device, flags.device, next.device);
    CHECK(sums.host()[49] == 49 * 50 / 2);
    Buffer<int> sums2(50, 0), flags2(50, 0), next2(1, 0);
    volatile_chain<<<50, 32>>>(sums2.device, flags2.device, next2.device);
    CHECK(sums2.host()[49] == 49 * 50 / 2);
    Buffer<int> twice(200, 7);
    for (int i = 0; i < 3; i++) {
        rotate<<<4, 32>>>(twice.device, 100, 33);
        copy_back<<<4, 32>>>(twice.device, 100);
    }
    CHECK(twice.host()[99] == 7);
    Buffer<float4> vectors(16, make_float4(0, 0, 0, 0));
    parts<<<1, 64>>>(vectors.device);
    CHECK(vectors.host()[0].w == 63.0f);
    puts("ok");
}
