// fault: read of memory that is not the device's
#include "../check.h"

// The bias may be missing.
__global__ void add(float *y, const float *bias, bool has_bias) {
    if (has_bias) y[threadIdx.x] += bias[threadIdx.x]; // planted
}

int main(int count, char **arguments) {
    Buffer<float> y(32, 0);
    add<<<1, 32>>>(y.device, nullptr, planted(count, arguments));
    cudaDeviceSynchronize();
}
