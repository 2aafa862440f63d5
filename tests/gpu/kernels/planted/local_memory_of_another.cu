// fault: read of another thread's local memory
#include "../check.h"

// A thread gives others the address of its local variable, or its value.
__global__ void share(int *y, bool address) {
    __shared__ int *place;
    __shared__ int value;
    int t = threadIdx.x, local = 7;
    if (t == 0) {
        place = &local;
        value = local;
    }
    __syncthreads();
    y[t] = address ? *place : value; // planted
    __syncthreads();
}

int main(int count, char **arguments) {
    Buffer<int> y(32, 0);
    share<<<1, 32>>>(y.device, planted(count, arguments));
    cudaDeviceSynchronize();
}
