// fault: deadlock
#include "../check.h"

// Lanes that wait for their warp, while the others of it wait for the block.
__global__ void wait(int *y, int border) {
    __shared__ int s[64];
    s[threadIdx.x] = threadIdx.x;
    if (threadIdx.x % 32 < border) __syncwarp(); // planted
    __syncthreads();                             // or here, planted
    y[threadIdx.x] = s[63 - threadIdx.x];
}

int main(int count, char **arguments) {
    Buffer<int> y(64, 0);
    wait<<<1, 64>>>(y.device, planted(count, arguments) ? 31 : 32);
    cudaDeviceSynchronize();
}
