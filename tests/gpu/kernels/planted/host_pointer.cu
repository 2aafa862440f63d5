// fault: write of memory that is not the device's
#include "../check.h"

__global__ void fill(int *x) {
    x[threadIdx.x] = 1; // planted
}

int main(int count, char **arguments) {
    Buffer<int> device(32, 0);
    std::vector<int> host(32);
    fill<<<1, 32>>>(planted(count, arguments) ? host.data() : device.device);
    cudaDeviceSynchronize();
}
