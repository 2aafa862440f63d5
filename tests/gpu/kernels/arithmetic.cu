// Functions of numbers and bits that CUDA has beside <math.h>.
#include "check.h"
#include <cmath>

__device__ int failures;
#define EXPECT(condition)                                        \
    if (!(condition)) {                                          \
        printf("line %d: not true: %s\n", __LINE__, #condition); \
        atomicAdd(&failures, 1);                                 \
    }

__device__ bool near(double a, double b) { return fabs(a - b) <= 1e-5 * (1 + fabs(b)); }

// The arguments keep the compiler from computing the results.
__global__ void bits(unsigned x, int minus_one) {
    EXPECT(__popc(x) == 8 && __popcll(0xffull << 33) == 8 && __clz(x) == 0 && __clz(0) == 32);
    EXPECT(__ffs(0x10) == 5 && __ffs(0) == 0 && __clzll(1) == 63 && __ffsll(1ll << 40) == 41);
    EXPECT(__brev(0x12345678u) == 0x1e6a2c48u);
    EXPECT(__byte_perm(0x33221100u, 0x77665544u, 0x7410u) == 0x77441100u);
    EXPECT(__byte_perm(0x80000000u, 0, 0x000bu) == 0x000000ffu);
    EXPECT(__funnelshift_l(0x80000000u, 1u, 1) == 3 && __funnelshift_r(0, 1u, 1) == 0x80000000u);
    EXPECT(__umulhi(0x80000000u, 6) == 3 && __mulhi(minus_one, 5) == -1);
    EXPECT(__umul64hi(1ull << 63, 6) == 3 && __mul24(minus_one, 5) == -5);
    EXPECT(__dp4a(0x01020304, 0x01010101, 5) == 15 && __dp4a(minus_one, 0x02020202, 0) == -8);
    EXPECT(__sad(-3, 4, 10u) == 17);
    EXPECT(min(3, minus_one) == -1 && max(3u, x) == x && min(2.0f, 1.0f) == 1.0f);
}

__global__ void conversions(float half, float huge, float nan) {
    EXPECT(__float2int_rn(2 + half) == 2 && __float2int_rn(3 + half) == 4);
    EXPECT(__float2int_rz(-2 - half) == -2 && __float2int_rd(-half) == -1);
    EXPECT(__float2int_ru(half) == 1 && __float2int_rn(huge) == 2147483647);
    EXPECT(__float2uint_rn(-huge) == 0 && __float2int_rz(nan) == 0);
    EXPECT(__float_as_int(1.0f) == 0x3f800000 && __int_as_float(0x40000000) == 2.0f);
    EXPECT(__uint_as_float(__float_as_uint(half)) == half);
    EXPECT(__longlong_as_double(__double_as_longlong(half)) == half);
    EXPECT(__int2float_rn(7) == 7.0f && __double2float_rn(0.5) == half);
}

__global__ void functions(float x) {
    EXPECT(near(rsqrtf(4 * x), 0.5) && near(__expf(x), 2.7182818) && near(__logf(x), 0));
    EXPECT(near(__powf(2 * x, 3), 8) && near(__sinf(x), 0.8414710) && near(__cosf(x), 0.5403023));
    EXPECT(near(__fdividef(x, 4), 0.25) && near(__frcp_rn(4 * x), 0.25));
    EXPECT(__saturatef(2 * x) == 1 && __saturatef(-x) == 0 && near(normcdff(x), 0.8413447));
    EXPECT(fmaxf(x, NAN) == 1 && __fmaf_rn(x, 2, 3) == 5 && near(sinpif(x / 2), 1));
    EXPECT(near(tanhf(x), 0.7615942) && near(erff(x), 0.8427008) && near(exp2f(x), 2));
    float4 v = make_float4(x, 2, 3, 4);
    int2 p = make_int2(1, -1);
    EXPECT(v.x + v.w == 5 && p.x + p.y == 0 && sizeof(float4) == 16 && sizeof(float3) == 12);
}

int main() {
    bits<<<1, 1>>>(0xf000000fu, -1);
    conversions<<<1, 1>>>(0.5f, 1e20f, NAN);
    functions<<<1, 1>>>(1.0f);
    int found;
    OK(cudaMemcpyFromSymbol(&found, failures, sizeof found));
    CHECK(found == 0);
    puts("ok");
}
