// What only the emulator has: the order of threads, set by the program, the forms of launch and
// dynamic shared memory that need no rewriting, and the number of calls.
#include "kernels/check.h"
#include <set>

// In which order the threads start, and continue after a barrier.
__global__ void arrivals(int *order, int *count, int n) {
    order[atomicAdd(count, 1)] = threadIdx.x;
    __syncthreads();
    order[n + atomicAdd(count + 1, 1)] = threadIdx.x;
}

static std::vector<int> arrivals_of(emulator::Order which, unsigned seed) {
    emulator::set_order(which, seed);
    Buffer<int> order(200, -1), count(2, 0);
    LAUNCH(arrivals, 1, 100, 0, 0, order.device, count.device, 100);
    CHECK(cudaGetLastError() == cudaSuccess);
    return order.host();
}

template <class T, int N> __global__ void reverse(T *y) {
    DYNAMIC_SHARED(T, s);
    s[threadIdx.x] = (T)threadIdx.x;
    __syncthreads();
    y[threadIdx.x] = s[N - 1 - threadIdx.x];
}

__global__ void increment(int *number) { ++*number; }

static void test_calls() {
    Buffer<int> number(1, 0);
    void *memory;
    int host = 0;
    EmulatorCalls before = emulator_calls();
    OK(cudaMalloc(&memory, 4));
    OK(cudaFree(memory));
    OK(cudaMemcpyAsync(number.device, &host, 4, cudaMemcpyHostToDevice, 0));
    LAUNCH(increment, 1, 1, 0, 0, number.device);
    OK(cudaMemcpy(&host, number.device, 4, cudaMemcpyDeviceToHost));
    OK(cudaStreamSynchronize(0));
    EmulatorCalls after = emulator_calls();
    CHECK(host == 1 && after.allocations == before.allocations + 1);
    CHECK(after.frees == before.frees + 1 && after.copies == before.copies + 2);
    CHECK(after.waits == before.waits + 2 && after.launches == before.launches + 1);
}

int main() {
    std::vector<int> forward = arrivals_of(emulator::Order::FORWARD, 0);
    std::vector<int> backward = arrivals_of(emulator::Order::REVERSE, 0);
    for (int i = 0; i < 100; i++) { CHECK(forward[i] == i && backward[i] == 99 - i); }
    std::vector<int> random = arrivals_of(emulator::Order::RANDOM, 1);
    CHECK(random != arrivals_of(emulator::Order::RANDOM, 2) && random != forward);
    for (int half = 0; half < 2; half++) { // each thread once
        std::set<int> threads(random.begin() + 100 * half, random.begin() + 100 * (half + 1));
        CHECK(threads.size() == 100 && *threads.begin() == 0 && *threads.rbegin() == 99);
    }
    Buffer<double> y(37, 0);
    LAUNCH((reverse<double, 37>), dim3(1), dim3(37), 37 * sizeof(double), nullptr, y.device);
    CHECK(y.host()[0] == 36 && y.host()[36] == 0);
    test_calls();
    puts("ok");
}
