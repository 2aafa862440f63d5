// fault: uninitialised read of global memory
#include "../check.h"

__global__ void add(float *sum, const float *x) {
    sum[threadIdx.x] += x[threadIdx.x]; // planted
}

int main(int count, char **arguments) {
    Buffer<float> x(32, 1.0f);
    float *sum;
    OK(cudaMalloc(&sum, 32 * sizeof *sum));
    // the last element only is forgotten
    OK(cudaMemset(sum, 0, (planted(count, arguments) ? 31 : 32) * sizeof *sum));
    add<<<1, 32>>>(sum, x.device);
    OK(cudaDeviceSynchronize());
}
