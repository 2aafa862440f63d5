// fault: mismatched warp operations
#include "../check.h"

__global__ void halves(int *y, unsigned mask_of_half) {
    int t = threadIdx.x;
    if (t < 16) {
        y[t] = __shfl_xor_sync(mask_of_half, t, 1); // planted, or the other one
    } else {
        y[t] = __shfl_xor_sync(mask_of_half << 16 | mask_of_half >> 16, t, 2); // planted
    }
}

int main(int count, char **arguments) {
    Buffer<int> y(32, 0);
    halves<<<1, 32>>>(y.device, planted(count, arguments) ? 0xffffffffu : 0x0000ffffu);
    cudaDeviceSynchronize();
}
