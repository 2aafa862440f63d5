// reduce(tile, value, plus<T>()) and the other operations.
#pragma once
#include "../cooperative_groups.h"

namespace cooperative_groups {

#define EMULATOR_OPERATION(name, result)                \
    template <class T = void> struct name {             \
        T operator()(T a, T b) const { return result; } \
    };
EMULATOR_OPERATION(plus, a + b)
EMULATOR_OPERATION(less, b < a ? b : a)
EMULATOR_OPERATION(greater, a < b ? b : a)
EMULATOR_OPERATION(bit_and, (a & b))
EMULATOR_OPERATION(bit_or, a | b)
EMULATOR_OPERATION(bit_xor, a ^ b)
#undef EMULATOR_OPERATION

template <unsigned SIZE, class Parent, class T, class Operation>
T reduce(const thread_block_tile<SIZE, Parent> &tile, T value, Operation operation,
         emulator::Site site = emulator::Site::here()) {
    return emulator::reduce(tile.mask(), value, "cooperative_groups::reduce", site, operation);
}

} // namespace cooperative_groups
