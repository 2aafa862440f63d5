// How fast the emulator is: make emulate FILE=gpu/emulator/throughput.cu
#include <cstdio>

constexpr int BLOCKS = 64, THREADS = 256, TIMES = 200;

__global__ void barriers(float *) {
    for (int i = 0; i < TIMES; i++) __syncthreads();
}

__global__ void shuffles(float *x) {
    float v = (float)threadIdx.x;
    for (int i = 0; i < TIMES; i++) v = __shfl_xor_sync(0xffffffffu, v, 1 + i % 16);
    x[blockIdx.x * blockDim.x + threadIdx.x] = v;
}

// Half of the accesses are reads, half are writes.
__global__ void global_accesses(float *x) {
    int t = blockIdx.x * blockDim.x + threadIdx.x;
    for (int i = 0; i < TIMES / 2; i++) x[t] += 1.0f;
}

__global__ void shared_accesses(float *x) {
    __shared__ float s[THREADS];
    int t = threadIdx.x;
    s[t] = 0.0f;
    for (int i = 0; i < TIMES / 2; i++) s[t] += 1.0f;
    x[blockIdx.x * blockDim.x + t] = s[t];
}

static void measure(const char *name, void (*kernel)(float *), float *x) {
    cudaEvent_t begin, end;
    cudaEventCreate(&begin);
    cudaEventCreate(&end);
    kernel<<<BLOCKS, THREADS>>>(x); // the first run touches the memory
    cudaEventRecord(begin);
    kernel<<<BLOCKS, THREADS>>>(x);
    cudaEventRecord(end);
    float ms;
    cudaEventElapsedTime(&ms, begin, end);
    double count = (double)BLOCKS * THREADS * TIMES;
    printf("%-24s %6.1f ns each, %5.1f million a second\n", name, ms * 1e6 / count,
           count / ms * 1e-3);
    cudaEventDestroy(begin);
    cudaEventDestroy(end);
}

int main() {
    float *x;
    cudaMalloc(&x, BLOCKS * THREADS * sizeof *x);
    cudaMemset(x, 0, BLOCKS * THREADS * sizeof *x);
    measure("barriers of a thread", barriers, x);
    measure("shuffles of a thread", shuffles, x);
    measure("global memory accesses", global_accesses, x);
    measure("shared memory accesses", shared_accesses, x);
    cudaFree(x);
}
