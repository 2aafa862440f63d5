// fault: race in shared memory
#include "../check.h"

// __syncwarp orders the lanes of one warp only.
__global__ void shift(int *y, const int *x, int distance) {
    __shared__ int s[96];
    int t = threadIdx.x, warp = t / 32 * 32;
    s[t] = x[t];
    __syncwarp();
    int from = distance < 32 ? warp + (t + distance) % 32 : (t + distance) % 96;
    y[t] = s[from]; // planted
}

int main(int count, char **arguments) {
    Buffer<int> x(96, 3), y(96, 0);
    shift<<<1, 96>>>(y.device, x.device, planted(count, arguments) ? 32 : 31);
    OK(cudaDeviceSynchronize());
}
