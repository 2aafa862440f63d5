// fault: trap
#include "../check.h"

__global__ void check(const int *x) {
    if (x[threadIdx.x] <= 0) __trap(); // planted
}

int main(int count, char **arguments) {
    std::vector<int> values(32, 1);
    if (planted(count, arguments)) values[31] = 0;
    Buffer<int> x(values);
    check<<<1, 32>>>(x.device);
    cudaDeviceSynchronize();
}
