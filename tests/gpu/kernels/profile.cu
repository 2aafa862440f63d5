// Kernels whose requests are known: see test_profile.sh. Without PROFILE=1, a correct program.
#include "check.h"
#include <cuda_fp16.h>

constexpr int N = 128;

__global__ void copy(float *y, const float *x) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[i] = x[i]; // copy
}

__global__ void strided(float *y, const float *x) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[i] = x[i * 32 % (N * N)]; // strided
}

__global__ void vectors(float4 *y, const float4 *x) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[i] = x[i]; // vectors
}

// The parts of the vectors are used one by one, but read at once.
__global__ void parts(float2 *y, const float4 *x) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float4 v = x[i];                          // parts
    y[i] = make_float2(v.x + v.y, v.z + v.w); // sums
}

__global__ void halves(__half2 *y) {
    __half2 v = y[threadIdx.x]; // halves
    y[threadIdx.x] = v * v;
}

__global__ void third(float *y, const float *x) {
    int i = threadIdx.x;
    if (i % 3 == 0) y[i] = x[i + 1]; // third
}

template <int PAD> __global__ void transpose(float *y, const float *x) {
    __shared__ float tile[32][32 + PAD];
    int column = blockIdx.x * 32 + threadIdx.x, row = blockIdx.y * 32 + threadIdx.y;
    tile[threadIdx.y][threadIdx.x] = x[row * N + column]; // tile
    __syncthreads();
    column = blockIdx.y * 32 + threadIdx.x;
    row = blockIdx.x * 32 + threadIdx.y;
    y[row * N + column] = tile[threadIdx.x][threadIdx.y]; // transposed
}

int main() {
    std::vector<float> numbers(N * N);
    for (int i = 0; i < N * N; i++) numbers[i] = (float)i;
    Buffer<float> x(numbers), y(N * N, 0.0f);
    copy<<<N * N / 256, 256>>>(y.device, x.device);
    strided<<<N * N / 256, 256>>>(y.device, x.device);
    vectors<<<N * N / 1024, 256>>>((float4 *)y.device, (const float4 *)x.device);
    CHECK(y.host() == numbers);
    Buffer<float2> sums(N * N / 4, make_float2(0, 0));
    parts<<<N * N / 1024, 256>>>(sums.device, (const float4 *)x.device);
    CHECK(sums.host()[1].x == 9.0f && sums.host()[1].y == 13.0f);
    Buffer<__half2> pairs(32, __floats2half2_rn(3, 4));
    halves<<<1, 32>>>(pairs.device);
    CHECK(__half22float2(pairs.host()[31]).y == 16.0f);
    third<<<1, 32>>>(y.device, x.device);
    transpose<0><<<dim3(4, 4), dim3(32, 32)>>>(y.device, x.device);
    transpose<1><<<dim3(4, 4), dim3(32, 32)>>>(y.device, x.device);
    std::vector<float> result = y.host();
    for (int i = 0; i < N * N; i++) CHECK(result[i] == numbers[i % N * N + i / N]);
    puts("ok");
}
