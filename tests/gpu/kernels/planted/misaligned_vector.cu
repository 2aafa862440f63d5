// fault: misaligned address
#include "../check.h"

__global__ void sum4(float *y, const float *x, int offset) {
    float4 v = *reinterpret_cast<const float4 *>(x + offset + 4 * threadIdx.x); // planted
    y[threadIdx.x] = v.x + v.y + v.z + v.w;
}

int main(int count, char **arguments) {
    Buffer<float> x(132, 1.0f), y(32, 0.0f);
    sum4<<<1, 32>>>(y.device, x.device, planted(count, arguments) ? 2 : 4);
    CHECK(cudaDeviceSynchronize() ==
          (planted(count, arguments) ? cudaErrorLaunchFailure : cudaSuccess));
}
