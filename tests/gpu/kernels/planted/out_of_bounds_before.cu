// fault: out of bounds: read of global memory
#include "../check.h"

// y[i] = x[i] - x[i - 1]
__global__ void difference(float *y, const float *x, int first) {
    int i = first + threadIdx.x;
    if (i < 37) y[i] = x[i] - x[i - 1]; // planted
}

int main(int count, char **arguments) {
    Buffer<float> x(37, 1.0f), y(37, 0.0f);
    difference<<<1, 64>>>(y.device, x.device, planted(count, arguments) ? 0 : 1);
    OK(cudaDeviceSynchronize());
}
