// fault: race in global memory
#include "../check.h"

// The block that finishes last adds the results of all. Without the fence, it may see the other's
// count before its result.
__global__ void sum(int *total, int *partial, unsigned *finished, bool with_fence) {
    __shared__ bool last;
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = blockIdx.x + 1;
        if (with_fence) __threadfence();
        last = atomicInc(finished, gridDim.x) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && threadIdx.x == 0) {
        int t = 0;
        for (int b = 0; b < (int)gridDim.x; b++) t += partial[b]; // planted
        *total = t;
    }
}

int main(int count, char **arguments) {
    Buffer<int> total(1, 0), partial(20, 0);
    Buffer<unsigned> finished(1, 0);
    sum<<<20, 64>>>(total.device, partial.device, finished.device, !planted(count, arguments));
    CHECK(total.host()[0] == 210);
}
