// Atomic operations on values of 4 and 8 bytes (and half, bfloat16), by compare and swap.
#pragma once
#include <string.h>
#include <type_traits>

namespace emulator {

// Before an atomic: checks the access, and lets other threads run when this one calls it again and
// again. After it: the thread now knows what others did before theirs.
void begin_atomic(void *address, int bytes, const void *instruction);
void end_atomic();

template <size_t BYTES> struct Bits;
template <> struct Bits<2> { using Type = uint16_t; };
template <> struct Bits<4> { using Type = uint32_t; };
template <> struct Bits<8> { using Type = uint64_t; };

template <class T, class... Types> constexpr bool is_one_of() {
    return (std::is_same<T, Types>::value || ...);
}

// The type of an argument that is converted to that of the first.
template <class T> struct Same { using Type = T; };
template <class T> using SameAs = typename Same<T>::Type;

template <class T, class Change> EMULATOR_UNCHECKED T update(T *address, Change change) {
    using U = typename Bits<sizeof(T)>::Type;
    U *cell = reinterpret_cast<U *>(address);
    U old_bits = __atomic_load_n(cell, __ATOMIC_RELAXED), new_bits;
    T old;
    do {
        memcpy((void *)&old, &old_bits, sizeof old);
        T changed = change(old);
        memcpy(&new_bits, (const void *)&changed, sizeof changed);
    } while (!__atomic_compare_exchange_n(cell, &old_bits, new_bits, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    end_atomic();
    return old;
}

} // namespace emulator

// Each for the types that CUDA has it for, and also under the names for one block and for the whole
// system.
#define EMULATOR_ATOMIC_NAMED(name, result, ...)                                          \
    template <class T> EMULATOR_UNCHECKED T name(T *address, emulator::SameAs<T> value) { \
        static_assert(emulator::is_one_of<T, __VA_ARGS__>(),                              \
                      "CUDA has no " #name " on this type");                              \
        emulator::begin_atomic((void *)address, sizeof(T), __builtin_return_address(0));  \
        return emulator::update(address, [=](T old) -> T { return result; });             \
    }
#define EMULATOR_ATOMIC(name, result, ...)                   \
    EMULATOR_ATOMIC_NAMED(name, result, __VA_ARGS__)         \
    EMULATOR_ATOMIC_NAMED(name##_block, result, __VA_ARGS__) \
    EMULATOR_ATOMIC_NAMED(name##_system, result, __VA_ARGS__)
EMULATOR_ATOMIC(atomicAdd, old + value, int, unsigned, unsigned long long, float, double)
EMULATOR_ATOMIC(atomicSub, old - value, int, unsigned)
EMULATOR_ATOMIC(atomicExch, value, int, unsigned, unsigned long long, float)
EMULATOR_ATOMIC(atomicMin, value < old ? value : old, int, unsigned, long long, unsigned long long)
EMULATOR_ATOMIC(atomicMax, value > old ? value : old, int, unsigned, long long, unsigned long long)
EMULATOR_ATOMIC(atomicAnd, (old & value), int, unsigned, unsigned long long)
EMULATOR_ATOMIC(atomicOr, old | value, int, unsigned, unsigned long long)
EMULATOR_ATOMIC(atomicXor, old ^ value, int, unsigned, unsigned long long)
EMULATOR_ATOMIC(atomicInc, old >= value ? 0 : old + 1, unsigned)
EMULATOR_ATOMIC(atomicDec, old == 0 || old > value ? value : old - 1, unsigned)
#undef EMULATOR_ATOMIC
#undef EMULATOR_ATOMIC_NAMED

template <class T>
EMULATOR_UNCHECKED T atomicCAS(T *address, emulator::SameAs<T> expected,
                               emulator::SameAs<T> value) {
    static_assert(emulator::is_one_of<T, int, unsigned, unsigned long long, unsigned short>(),
                  "CUDA has no atomicCAS on this type");
    emulator::begin_atomic((void *)address, sizeof(T), __builtin_return_address(0));
    return emulator::update(address, [=](T old) -> T { return old == expected ? value : old; });
}
