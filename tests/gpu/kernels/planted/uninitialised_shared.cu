// fault: uninitialised read of shared memory
#include "../check.h"

// The sum of n values, n at most 64: the others must be 0.
__global__ void sum(float *y, const float *x, int n, bool pad) {
    __shared__ float s[64];
    int t = threadIdx.x;
    if (t < n)
        s[t] = x[t];
    else if (pad)
        s[t] = 0.0f;
    __syncthreads();
    for (int half = 32; half > 0; half /= 2) {
        if (t < half) s[t] += s[t + half]; // planted
        __syncthreads();
    }
    if (t == 0) *y = s[0];
}

int main(int count, char **arguments) {
    Buffer<float> x(63, 1.0f), y(1, 0.0f);
    // an earlier block leaves its values in shared memory
    sum<<<1, 64>>>(y.device, x.device, 63, true);
    sum<<<1, 64>>>(y.device, x.device, 63, !planted(count, arguments));
    if (!planted(count, arguments)) CHECK(y.host()[0] == 63.0f);
}
