// fault: out of bounds: write of shared memory
#include "../check.h"

__global__ void reverse(double *y) {
    extern __shared__ double s[];
    s[threadIdx.x] = threadIdx.x; // planted
    __syncthreads();
    y[threadIdx.x] = s[blockDim.x - 1 - threadIdx.x];
}

int main(int count, char **arguments) {
    Buffer<double> y(50, 0);
    size_t bytes = 50 * (planted(count, arguments) ? sizeof(float) : sizeof(double));
    reverse<<<1, 50, bytes>>>(y.device);
    cudaDeviceSynchronize();
}
