// fault: out of bounds: write of global memory
#include "../check.h"

__global__ void fill(float *x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] = 1.0f; // planted
}

int main(int count, char **arguments) {
    float *x, *next;
    OK(cudaMalloc(&x, 100 * sizeof *x));
    OK(cudaMalloc(&next, 100 * sizeof *next));
    fill<<<4, 32>>>(x, planted(count, arguments) ? 101 : 100);
    OK(cudaDeviceSynchronize());
}
