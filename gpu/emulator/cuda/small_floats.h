// Floating-point numbers of 16 bits: half (fp16) and bfloat16. Operations compute in float and
// round once to the nearest, ties to even, as a GPU does.
#pragma once
#include "../cuda_runtime.h"

namespace emulator {

// How a float becomes 16 bits and back.
struct Bfloat16Format {
    static uint16_t encode(float value) {
        uint32_t bits = __float_as_uint(value);
        if (value != value) return 0x7fff;
        return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }
    static float decode(uint16_t bits) { return __uint_as_float((uint32_t)bits << 16); }
};

struct HalfFormat {
    static uint16_t encode(float value) {
        uint16_t sign = (uint16_t)(__float_as_uint(value) >> 16 & 0x8000);
        float size = fabsf(value);
        if (value != value) return 0x7fff;
        if (size >= 65520.0f) return sign | 0x7c00; // rounds to infinity
        if (size < 0x1p-14f) { // below the smallest normal number, in steps of 2^-24
            return sign | (uint16_t)nearbyintf(size * 0x1p24f);
        }
        uint32_t bits = __float_as_uint(size) - (112u << 23); // from bias 127 to 15
        return sign | (uint16_t)((bits + 0xfff + (bits >> 13 & 1)) >> 13);
    }
    static float decode(uint16_t bits) {
        uint32_t exponent = bits >> 10 & 31, fraction = bits & 0x3ff;
        float size = exponent == 0 ? fraction * 0x1p-24f
                                   : __uint_as_float((exponent + 112) << 23 | fraction << 13);
        if (exponent == 31) size = fraction ? NAN : INFINITY;
        return bits & 0x8000 ? -size : size;
    }
};

template <class Format> struct SmallFloat {
    uint16_t bits;
    SmallFloat() = default;
    template <class T, class = std::enable_if_t<std::is_arithmetic<T>::value>>
    SmallFloat(T value) : bits(Format::encode((float)value)) {}
    operator float() const { return Format::decode(bits); }
    static SmallFloat of_bits(uint16_t bits) {
        SmallFloat result;
        result.bits = bits;
        return result;
    }
};

template <class Format> struct alignas(4) SmallFloat2 {
    SmallFloat<Format> x, y;
#ifdef EMULATOR_PROFILE
    EMULATOR_WHOLE_COPY(SmallFloat2, 4)
#else
    SmallFloat2() = default;
#endif
    SmallFloat2(SmallFloat<Format> x_, SmallFloat<Format> y_) : x(x_), y(y_) {}
};

} // namespace emulator

// Operators and intrinsics of one number, and of the two numbers of a pair.
#define EMULATOR_TEMPLATE template <class F> __forceinline__
#define EMULATOR_ONE      emulator::SmallFloat<F>
#define EMULATOR_TWO      emulator::SmallFloat2<F>

#define EMULATOR_OPERATOR(symbol, name)                                                        \
    EMULATOR_TEMPLATE EMULATOR_ONE operator symbol(EMULATOR_ONE a, EMULATOR_ONE b) {           \
        return (float)a symbol(float) b;                                                       \
    }                                                                                          \
    EMULATOR_TEMPLATE EMULATOR_ONE &operator symbol##=(EMULATOR_ONE &a, EMULATOR_ONE b) {      \
        return a = a symbol b;                                                                 \
    }                                                                                          \
    EMULATOR_TEMPLATE EMULATOR_ONE name(EMULATOR_ONE a, EMULATOR_ONE b) { return a symbol b; } \
    EMULATOR_TEMPLATE EMULATOR_TWO operator symbol(EMULATOR_TWO a, EMULATOR_TWO b) {           \
        return { a.x symbol b.x, a.y symbol b.y };                                             \
    }                                                                                          \
    EMULATOR_TEMPLATE EMULATOR_TWO &operator symbol##=(EMULATOR_TWO &a, EMULATOR_TWO b) {      \
        return a = a symbol b;                                                                 \
    }                                                                                          \
    EMULATOR_TEMPLATE EMULATOR_TWO name##2(EMULATOR_TWO a, EMULATOR_TWO b) { return a symbol b; }
EMULATOR_OPERATOR(+, __hadd)
EMULATOR_OPERATOR(-, __hsub)
EMULATOR_OPERATOR(*, __hmul)
EMULATOR_OPERATOR(/, __hdiv)
#undef EMULATOR_OPERATOR
EMULATOR_TEMPLATE EMULATOR_TWO __h2div(EMULATOR_TWO a, EMULATOR_TWO b) { return a / b; }
EMULATOR_TEMPLATE EMULATOR_ONE operator-(EMULATOR_ONE a) {
    return EMULATOR_ONE::of_bits(a.bits ^ 0x8000);
}

#define EMULATOR_COMPARE(symbol, name)                                       \
    EMULATOR_TEMPLATE bool operator symbol(EMULATOR_ONE a, EMULATOR_ONE b) { \
        return (float)a symbol(float) b;                                     \
    }                                                                        \
    EMULATOR_TEMPLATE bool name(EMULATOR_ONE a, EMULATOR_ONE b) { return a symbol b; }
EMULATOR_COMPARE(<, __hlt)
EMULATOR_COMPARE(<=, __hle)
EMULATOR_COMPARE(>, __hgt)
EMULATOR_COMPARE(>=, __hge)
EMULATOR_COMPARE(==, __heq)
EMULATOR_COMPARE(!=, __hne)
#undef EMULATOR_COMPARE

// name of one number and name2 of two: a function of a, b and c as floats.
#define EMULATOR_UNARY(name, name2, result)                    \
    EMULATOR_TEMPLATE EMULATOR_ONE name(EMULATOR_ONE number) { \
        float a = number;                                      \
        return result;                                         \
    }                                                          \
    EMULATOR_TEMPLATE EMULATOR_TWO name2(EMULATOR_TWO a) { return { name(a.x), name(a.y) }; }
EMULATOR_UNARY(__hneg, __hneg2, -a)
EMULATOR_UNARY(__habs, __habs2, fabsf(a))
EMULATOR_UNARY(hexp, h2exp, expf(a))
EMULATOR_UNARY(hexp2, h2exp2, exp2f(a))
EMULATOR_UNARY(hlog, h2log, logf(a))
EMULATOR_UNARY(hsqrt, h2sqrt, sqrtf(a))
EMULATOR_UNARY(hrsqrt, h2rsqrt, rsqrtf(a))
EMULATOR_UNARY(hrcp, h2rcp, 1.0f / a)
EMULATOR_UNARY(hsin, h2sin, sinf(a))
EMULATOR_UNARY(hcos, h2cos, cosf(a))
EMULATOR_UNARY(hfloor, h2floor, floorf(a))
EMULATOR_UNARY(hceil, h2ceil, ceilf(a))
#undef EMULATOR_UNARY
EMULATOR_TEMPLATE EMULATOR_ONE __hmax(EMULATOR_ONE a, EMULATOR_ONE b) { return fmaxf(a, b); }
EMULATOR_TEMPLATE EMULATOR_ONE __hmin(EMULATOR_ONE a, EMULATOR_ONE b) { return fminf(a, b); }
EMULATOR_TEMPLATE EMULATOR_TWO __hmax2(EMULATOR_TWO a, EMULATOR_TWO b) {
    return { __hmax(a.x, b.x), __hmax(a.y, b.y) };
}
EMULATOR_TEMPLATE EMULATOR_TWO __hmin2(EMULATOR_TWO a, EMULATOR_TWO b) {
    return { __hmin(a.x, b.x), __hmin(a.y, b.y) };
}
EMULATOR_TEMPLATE EMULATOR_ONE __hfma(EMULATOR_ONE a, EMULATOR_ONE b, EMULATOR_ONE c) {
    return (float)((double)(float)a * (float)b + (float)c);
}
EMULATOR_TEMPLATE EMULATOR_TWO __hfma2(EMULATOR_TWO a, EMULATOR_TWO b, EMULATOR_TWO c) {
    return { __hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y) };
}
EMULATOR_TEMPLATE bool __hisnan(EMULATOR_ONE a) { return a != a; }
EMULATOR_TEMPLATE int __hisinf(EMULATOR_ONE a) {
    return std::isinf((float)a) ? ((float)a > 0 ? 1 : -1) : 0;
}
EMULATOR_TEMPLATE float __low2float(EMULATOR_TWO a) { return a.x; }
EMULATOR_TEMPLATE float __high2float(EMULATOR_TWO a) { return a.y; }

// Adds to one number or to a pair, each as one atomic operation.
#define EMULATOR_ATOMIC_ADD(type)                                                      \
    template <class F> EMULATOR_UNCHECKED type atomicAdd(type *address, type value) {  \
        emulator::begin_atomic(address, sizeof *address, __builtin_return_address(0)); \
        return emulator::update(address, [=](type old) { return old + value; });       \
    }
EMULATOR_ATOMIC_ADD(EMULATOR_ONE)
EMULATOR_ATOMIC_ADD(EMULATOR_TWO)
#undef EMULATOR_ATOMIC_ADD
#undef EMULATOR_TEMPLATE
#undef EMULATOR_ONE
#undef EMULATOR_TWO
