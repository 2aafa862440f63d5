// fault: divergent barrier
#include "../check.h"

__global__ void halves(int *y, int border) {
    __shared__ int s[64];
    int t = threadIdx.x;
    s[t] = t;
    if (t < border) {
        __syncthreads(); // planted, or the other one
        y[t] = s[63 - t];
    } else {
        __syncthreads(); // planted
        y[t] = s[t];
    }
}

int main(int count, char **arguments) {
    Buffer<int> y(64, 0);
    halves<<<1, 64>>>(y.device, planted(count, arguments) ? 40 : 64);
    cudaError_t error = cudaDeviceSynchronize();
    CHECK(error == (planted(count, arguments) ? cudaErrorLaunchFailure : cudaSuccess));
}
