// half and bfloat16.
#include "check.h"
#include <cmath>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

__device__ int failures;
#define EXPECT(condition)                                        \
    if (!(condition)) {                                          \
        printf("line %d: not true: %s\n", __LINE__, #condition); \
        atomicAdd(&failures, 1);                                 \
    }

// Every number of 16 bits survives the way to float and back; halfway between two, the even one.
__global__ void rounding() {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float h = __half2float(__ushort_as_half((unsigned short)i));
    float b = __bfloat162float(__ushort_as_bfloat16((unsigned short)i));
    EXPECT(h != h || __half_as_ushort(__float2half(h)) == i);
    EXPECT(b != b || __bfloat16_as_ushort(__float2bfloat16(b)) == i);
    float next = __half2float(__ushort_as_half((unsigned short)(i + 1)));
    if ((i & 0x7fff) < 0x7bff) {
        EXPECT(__half_as_ushort(__float2half((h + next) / 2)) == i + i % 2);
    }
    next = __bfloat162float(__ushort_as_bfloat16((unsigned short)(i + 1)));
    if ((i & 0x7fff) < 0x7f7f) {
        float middle = (float)(((double)b + next) / 2);
        if ((i & 0x7fff) >= 0x80)
            EXPECT(__bfloat16_as_ushort(__float2bfloat16(middle)) == i + i % 2);
    }
}

__global__ void values(float one, float nan) {
    EXPECT(__half_as_ushort(__float2half(one)) == 0x3c00 &&
           __half2float(__float2half(0.1f)) < 0.1f);
    EXPECT(__half_as_ushort(__float2half(65519.0f * one)) == 0x7bff);
    EXPECT(__half_as_ushort(__float2half(-65520.0f * one)) == 0xfc00);
    EXPECT(__half_as_ushort(__float2half(one * 0x1p-25f)) == 0);
    EXPECT(__half_as_ushort(__float2half(one * 0x1.8p-25f)) == 1);
    EXPECT(__hisnan(__float2half(nan)) && __hisnan(__float2bfloat16(nan)));
    EXPECT(__bfloat16_as_ushort(__float2bfloat16(one * 3.3895e38f)) == 0x7f7f);
    EXPECT(std::isinf(__bfloat162float(__float2bfloat16(3.4e38f * one))));
    EXPECT(__half2float(__ushort_as_half(1)) == 0x1p-24f);
}

template <class T> __global__ void arithmetic(T a, T b) { // 1.5 and 2
    EXPECT((float)(a + b) == 3.5f && (float)(a - b) == -0.5f && (float)(a * b) == 3.0f);
    EXPECT((float)(a / b) == 0.75f && (float)-a == -1.5f && a < b && a != b && !(a >= b));
    EXPECT((float)__hadd(a, b) == 3.5f && (float)__hmul(a, b) == 3.0f && __hlt(a, b));
    EXPECT((float)__hfma(a, b, a) == 4.5f && (float)__hmax(a, b) == 2.0f);
    EXPECT((float)__habs(-a) == 1.5f && (float)hsqrt(b * b) == 2.0f);
    __shared__ T shared[2];
    shared[1] = b;
    EXPECT((float)shared[1] == 2.0f);
    a += b;
    EXPECT((float)a == 3.5f && (float)__shfl_xor_sync(1u << threadIdx.x, a, 0) == 3.5f);
}

__global__ void pairs(__half2 *h, __nv_bfloat162 *b, __half *sum) {
    __half2 v = __floats2half2_rn(1.5f, 2.0f);
    __nv_bfloat162 w = __floats2bfloat162_rn(1.5f, 2.0f);
    EXPECT(__low2float(__hadd2(v, v)) == 3.0f && __high2float(__hmul2(v, v)) == 4.0f);
    EXPECT(__half22float2(__hfma2(v, v, v)).y == 6.0f && __bfloat1622float2(w).x == 1.5f);
    EXPECT(sizeof(__half) == 2 && sizeof(__half2) == 4 && alignof(__nv_bfloat162) == 4);
    atomicAdd(h, v);
    atomicAdd(b, w);
    atomicAdd(sum, __float2half(0.5f));
}

int main() {
    rounding<<<64, 1024>>>();
    values<<<1, 1>>>(1.0f, NAN);
    arithmetic<<<1, 1>>>(__float2half(1.5f), __float2half(2.0f));
    arithmetic<<<1, 1>>>(__float2bfloat16(1.5f), __float2bfloat16(2.0f));
    Buffer<__half2> h(1, __floats2half2_rn(0, 0));
    Buffer<__nv_bfloat162> b(1, __floats2bfloat162_rn(0, 0));
    Buffer<__half> sum(1, __float2half(0));
    pairs<<<2, 32>>>(h.device, b.device, sum.device);
    CHECK(__half22float2(h.host()[0]).x == 96.0f && __bfloat1622float2(b.host()[0]).y == 128.0f);
    CHECK(__half2float(sum.host()[0]) == 32.0f);
    int found;
    OK(cudaMemcpyFromSymbol(&found, failures, sizeof found));
    CHECK(found == 0);
    puts("ok");
}
