// dim3, float4 and the other vector types, and their make_ functions.
#pragma once
#include "../engine/grid.h"

#define EMULATOR_VECTORS(type, name, bytes1, bytes2, bytes4)                             \
    struct alignas(bytes1) name##1 {                                                     \
        type x;                                                                          \
    };                                                                                   \
    struct alignas(bytes2) name##2 {                                                     \
        type x, y;                                                                       \
    };                                                                                   \
    struct name##3 {                                                                     \
        type x, y, z;                                                                    \
    };                                                                                   \
    struct alignas(bytes4) name##4 {                                                     \
        type x, y, z, w;                                                                 \
    };                                                                                   \
    static inline name##1 make_##name##1(type x) { return { x }; }                       \
    static inline name##2 make_##name##2(type x, type y) { return { x, y }; }            \
    static inline name##3 make_##name##3(type x, type y, type z) { return { x, y, z }; } \
    static inline name##4 make_##name##4(type x, type y, type z, type w) { return { x, y, z, w }; }

EMULATOR_VECTORS(signed char, char, 1, 2, 4)
EMULATOR_VECTORS(unsigned char, uchar, 1, 2, 4)
EMULATOR_VECTORS(short, short, 2, 4, 8)
EMULATOR_VECTORS(unsigned short, ushort, 2, 4, 8)
EMULATOR_VECTORS(int, int, 4, 8, 16)
EMULATOR_VECTORS(unsigned, uint, 4, 8, 16)
EMULATOR_VECTORS(long long, longlong, 8, 16, 16)
EMULATOR_VECTORS(unsigned long long, ulonglong, 8, 16, 16)
EMULATOR_VECTORS(float, float, 4, 8, 16)
EMULATOR_VECTORS(double, double, 8, 16, 16)
#undef EMULATOR_VECTORS

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    operator uint3() const { return { x, y, z }; }
};
