// fault: race in shared memory
#include "../check.h"

__global__ void count_even(int *result, const int *x, bool atomic) {
    __shared__ int even;
    if (threadIdx.x == 0) even = 0;
    __syncthreads();
    if (x[threadIdx.x] % 2 == 0) {
        if (atomic)
            atomicAdd(&even, 1);
        else
            even++; // planted
    }
    __syncthreads();
    if (threadIdx.x == 0) *result = even;
}

int main(int count, char **arguments) {
    Buffer<int> x(64, 2), result(1, 0);
    count_even<<<1, 64>>>(result.device, x.device, !planted(count, arguments));
    OK(cudaDeviceSynchronize());
}
