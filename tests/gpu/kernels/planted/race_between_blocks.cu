// fault: race in global memory
#include "../check.h"

// Blocks of 32 write overlapping ranges when the stride is less.
__global__ void fill(int *x, int stride) {
    x[blockIdx.x * stride + threadIdx.x] = blockIdx.x; // planted
}

int main(int count, char **arguments) {
    Buffer<int> x(128, 0);
    fill<<<4, 32>>>(x.device, planted(count, arguments) ? 31 : 32);
    OK(cudaDeviceSynchronize());
}
