// The ways to write a launch, and those that are refused.
#include "check.h"

struct Scale {
    float by;
    int times;
};

__constant__ float table[4] = { 1, 2, 3, 4 };
__device__ int calls;

template <class T, int N> __global__ void __launch_bounds__(256) fill(T *y, T value) {
    for (int i = threadIdx.x; i < N; i += blockDim.x) y[i] = value;
}

template <class T> __global__ void add(T *y, const T *__restrict__ x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += __ldg(x + i);
}

namespace other {
__global__ void scale(float *y, Scale s) {
    float v = y[threadIdx.x];
    for (int i = 0; i < s.times; i++) v *= s.by;
    y[threadIdx.x] = v + table[threadIdx.x % 4];
    if (threadIdx.x == 0) atomicAdd(&calls, 1);
}
} // namespace other

extern __shared__ __align__(16) unsigned char bytes[]; // at file scope

__device__ __noinline__ float of_bytes(int i) { return reinterpret_cast<float *>(bytes)[i]; }

__global__ void dynamic(float *y) {
    reinterpret_cast<float *>(bytes)[threadIdx.x] = threadIdx.x;
    __syncthreads();
    y[threadIdx.x] = of_bytes(blockDim.x - 1 - threadIdx.x);
}

__global__ void large(int *y) {
    extern __shared__ int s[];
    s[threadIdx.x * 300] = 1;
    y[threadIdx.x] = s[threadIdx.x * 300];
}

// Two types of one name, as samples do it.
template <class T> struct Dynamic {
    __device__ operator T *() {
        extern __shared__ double memory[];
        return reinterpret_cast<T *>(memory);
    }
};

template <class T> __global__ void two_types(T *y, const T *missing) {
    T *s = Dynamic<T>();
    s[threadIdx.x] = (T)threadIdx.x;
    __syncthreads();
    if (!missing) y[threadIdx.x] = s[blockDim.x - 1 - threadIdx.x];
}

// A launch in a macro, and one that calls functions with commas and strings.
#define RUN(kernel, n, ...) kernel<<<((n) + 31) / 32, 32>>>(__VA_ARGS__)
static int one_of(const char *text, int n) { return text[0] == '<' ? n : 0; }
static int evaluations;
static int counted(int n) { return evaluations++, n; }

static void test_forms() {
    cudaStream_t stream;
    OK(cudaStreamCreate(&stream));
    Buffer<float> x(64, 1.0f), y(64, 0.0f);
    fill<float, 64><<<1, 32>>>(y.device, 1.0f);
    fill<float, (3 > 2 ? 64 : 1)><<<dim3(one_of("<<<", 1), 1), // three dimensions
                                    32, 0, stream>>>(y.device, 2.0f);
    add<<<2, 32>>>(y.device, x.device, 64); // of deduced type
    RUN(add<float>, 64, y.device, x.device, counted(64));
    CHECK(evaluations == 1);
    other::scale<<<1, 64>>>(y.device, Scale{ 2.0f, 3 });
    if (y.n == 64) other::scale<<<1, 64, 0>>>(y.device, Scale{ 1.0f, 1 });
    std::vector<float> result = y.host();
    for (int i = 0; i < 64; i++) CHECK(result[i] == 4.0f * 8.0f + 2.0f * (1 + i % 4));
    void (*chosen)(float *) = dynamic;
    chosen<<<1, 64, 64 * sizeof(float), stream>>>(y.device);
    CHECK(y.host()[0] == 63.0f);
    two_types<float><<<1, 64, 64 * sizeof(float)>>>(y.device, NULL);
    CHECK(y.host()[0] == 63.0f);
    Buffer<short> z(64, 0);
    two_types<short><<<1, 64, 64 * sizeof(short)>>>(z.device, NULL);
    CHECK(z.host()[0] == 63);
    OK(cudaStreamDestroy(stream));
}

static void test_symbols() {
    float numbers[2] = { 30, 40 };
    OK(cudaMemcpyToSymbol(table, numbers, sizeof numbers, 2 * sizeof(float)));
    float back[4];
    OK(cudaMemcpyFromSymbol(back, table, sizeof back));
    CHECK(back[0] == 1 && back[3] == 40);
    int made;
    OK(cudaMemcpyFromSymbol(&made, calls, sizeof made));
    CHECK(made == 2);
}

static void test_refused() {
    Buffer<int> y(64, 0);
    fill<int, 64><<<1, 1025>>>(y.device, 1);
    CHECK(cudaPeekAtLastError() == cudaErrorInvalidConfiguration);
    CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration && cudaGetLastError() == cudaSuccess);
    fill<int, 64><<<0, 32>>>(y.device, 1);
    CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration);
    size_t bytes_needed = 60 << 10;
    large<<<1, 50, bytes_needed>>>(y.device);
    CHECK(cudaGetLastError() == cudaErrorInvalidValue && y.host()[0] == 0);
    OK(cudaFuncSetAttribute(large, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes_needed));
    large<<<1, 50, bytes_needed>>>(y.device);
    CHECK(cudaGetLastError() == cudaSuccess && y.host()[49] == 1);
}

int main() {
    test_forms();
    test_symbols();
    test_refused();
    puts("ok");
}
