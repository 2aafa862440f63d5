// fault: use after free: read of global memory
#include "../check.h"

__global__ void copy(float *to, const float *from) {
    to[threadIdx.x] = from[threadIdx.x]; // planted
}

int main(int count, char **arguments) {
    Buffer<float> to(32, 0.0f);
    float *from, *later;
    OK(cudaMalloc(&from, 32 * sizeof *from));
    OK(cudaMemset(from, 0, 32 * sizeof *from));
    if (planted(count, arguments)) OK(cudaFree(from));
    OK(cudaMalloc(&later, 32 * sizeof *later)); // a GPU may give the same address again
    OK(cudaMemset(later, 0, 32 * sizeof *later));
    copy<<<1, 32>>>(to.device, from);
    OK(cudaDeviceSynchronize());
}
