// bfloat16: the upper half of a float.
#pragma once
#include "cuda/small_floats.h"

typedef emulator::SmallFloat<emulator::Bfloat16Format> __nv_bfloat16;
typedef emulator::SmallFloat2<emulator::Bfloat16Format> __nv_bfloat162;
typedef __nv_bfloat16 nv_bfloat16;
typedef __nv_bfloat162 nv_bfloat162;

static inline __nv_bfloat16 __float2bfloat16(float x) { return x; }
static inline __nv_bfloat16 __float2bfloat16_rn(float x) { return x; }
static inline __nv_bfloat16 __double2bfloat16(double x) { return x; }
static inline float __bfloat162float(__nv_bfloat16 x) { return x; }
static inline __nv_bfloat162 __float2bfloat162_rn(float x) { return { x, x }; }
static inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) { return { x, y }; }
static inline __nv_bfloat162 __float22bfloat162_rn(float2 v) { return { v.x, v.y }; }
static inline float2 __bfloat1622float2(__nv_bfloat162 v) { return { v.x, v.y }; }
static inline __nv_bfloat162 __bfloat162bfloat162(__nv_bfloat16 x) { return { x, x }; }
static inline __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) {
    return { x, y };
}
static inline __nv_bfloat162 make_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return { x, y }; }
static inline __nv_bfloat16 __low2bfloat16(__nv_bfloat162 v) { return v.x; }
static inline __nv_bfloat16 __high2bfloat16(__nv_bfloat162 v) { return v.y; }
static inline __nv_bfloat16 __int2bfloat16_rn(int x) { return x; }
static inline int __bfloat162int_rn(__nv_bfloat16 x) { return __float2int_rn(x); }
static inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 x) { return x.bits; }
static inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) {
    return __nv_bfloat16::of_bits(bits);
}
