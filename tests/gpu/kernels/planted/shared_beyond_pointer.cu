// fault: out of bounds: write of shared memory
#include "../check.h"

__device__ void set(int *s, int i) {
    s[i] = i; // planted
}

__global__ void fill(int *y, int shift) {
    __shared__ int s[64];
    __shared__ int next[64]; // not what is written by mistake
    next[threadIdx.x] = 0;
    set(s, threadIdx.x + shift);
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x / 2 + shift] + next[threadIdx.x];
}

int main(int count, char **arguments) {
    Buffer<int> y(64, 0);
    fill<<<1, 64>>>(y.device, planted(count, arguments) ? 1 : 0);
    cudaDeviceSynchronize();
}
