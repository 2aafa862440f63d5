// fault: write of another thread's local memory
#include "../check.h"

__device__ __noinline__ void set(int *x, int i) {
    x[i] = i; // planted
}

// A GPU has 512 KiB of local memory for each thread.
template <int N> __global__ void fill(int *y) {
    int numbers[N];
    set(numbers, threadIdx.x);
    y[threadIdx.x] = numbers[threadIdx.x];
}

int main(int count, char **arguments) {
    Buffer<int> y(32, 0);
    if (planted(count, arguments))
        fill<180000><<<1, 32>>>(y.device);
    else
        fill<120000><<<1, 32>>>(y.device);
    cudaDeviceSynchronize();
}
