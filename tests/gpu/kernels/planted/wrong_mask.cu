// fault: wrong mask
#include "../check.h"

__global__ void any(int *y, unsigned mask) {
    if (threadIdx.x < 16) y[threadIdx.x] = __any_sync(mask, 1); // planted
}

int main(int count, char **arguments) {
    Buffer<int> y(16, 0);
    any<<<1, 32>>>(y.device, planted(count, arguments) ? 0x7fff : 0xffff);
    cudaDeviceSynchronize();
}
