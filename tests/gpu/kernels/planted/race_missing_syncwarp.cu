// fault: race in shared memory
#include "../check.h"

// Each warp reverses its 32 numbers. A shuffle does not order the accesses to memory.
__global__ void reverse(int *y, const int *x, bool sync) {
    __shared__ int tile[2][32];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    tile[warp][lane] = x[threadIdx.x];
    __shfl_xor_sync(0xffffffffu, lane, 1);
    if (sync) __syncwarp();
    y[threadIdx.x] = tile[warp][31 - lane]; // planted
}

int main(int count, char **arguments) {
    Buffer<int> x(64, 7), y(64, 0);
    reverse<<<1, 64>>>(y.device, x.device, !planted(count, arguments));
    OK(cudaDeviceSynchronize());
}
