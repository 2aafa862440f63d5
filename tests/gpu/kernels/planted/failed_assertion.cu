// fault: assertion failed: x[threadIdx.x] > 0
#include "../check.h"
#include <cassert>

__global__ void check(const int *x) {
    assert(x[threadIdx.x] > 0); // planted
}

int main(int count, char **arguments) {
    std::vector<int> values(32, 1);
    if (planted(count, arguments)) values[31] = 0;
    Buffer<int> x(values);
    check<<<1, 32>>>(x.device);
    cudaDeviceSynchronize();
}
