// dim3, float4 and the other vector types, and their make_ functions.
#pragma once
#include "../engine/grid.h"

// The compiler copies a vector in parts, as it likes. For a profile, it is copied by one access, as
// on a GPU.
#ifdef EMULATOR_PROFILE
namespace emulator {
template <size_t BYTES> struct Whole { typedef char Type __attribute__((vector_size(BYTES))); };
template <> struct Whole<2> { typedef uint16_t Type; };
template <> struct Whole<4> { typedef uint32_t Type; };
template <> struct Whole<8> { typedef uint64_t Type; };
template <size_t BYTES, class V>
__attribute__((always_inline)) inline void copy_whole(V *to, const V *from) {
    typedef typename Whole<BYTES>::Type Type __attribute__((may_alias));
    for (size_t i = 0; i < sizeof(V) / BYTES; i++) { // double4 has 32 bytes: two accesses
        reinterpret_cast<Type *>(to)[i] = reinterpret_cast<const Type *>(from)[i];
    }
}
} // namespace emulator
#define EMULATOR_WHOLE_COPY(name, bytes)                                   \
    name() = default;                                                      \
    name(const name &other) { emulator::copy_whole<bytes>(this, &other); } \
    name &operator=(const name &other) {                                   \
        emulator::copy_whole<bytes>(this, &other);                         \
        return *this;                                                      \
    }
#define EMULATOR_WHOLE(name, type, bytes) \
    EMULATOR_WHOLE_COPY(name, bytes)      \
    name(type x_, type y_) : x(x_), y(y_) {}
#define EMULATOR_WHOLE4(name, type, bytes) \
    EMULATOR_WHOLE_COPY(name, bytes)       \
    name(type x_, type y_, type z_ = 0, type w_ = 0) : x(x_), y(y_), z(z_), w(w_) {}
#else
#define EMULATOR_WHOLE(name, type, bytes)
#define EMULATOR_WHOLE4(name, type, bytes)
#endif

#define EMULATOR_VECTORS(type, name, bytes1, bytes2, bytes4)                             \
    struct alignas(bytes1) name##1 {                                                     \
        type x;                                                                          \
    };                                                                                   \
    struct alignas(bytes2) name##2 {                                                     \
        type x, y;                                                                       \
        EMULATOR_WHOLE(name##2, type, bytes2)                                            \
    };                                                                                   \
    struct name##3 {                                                                     \
        type x, y, z;                                                                    \
    };                                                                                   \
    struct alignas(bytes4) name##4 {                                                     \
        type x, y, z, w;                                                                 \
        EMULATOR_WHOLE4(name##4, type, bytes4)                                           \
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
