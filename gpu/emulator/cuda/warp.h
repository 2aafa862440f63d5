// Shuffles, votes, matches and reductions over the lanes of a warp.
#pragma once
#include "../engine/warp.h"
#include <string.h>
#include <type_traits>

namespace emulator {

template <class T> uint64_t to_bits(T value) {
    static_assert(sizeof(T) <= 8 && std::is_trivially_copyable<T>::value,
                  "warp operations take values of at most 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    return bits;
}

template <class T> T from_bits(uint64_t bits) {
    T value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// The value of `source`, a lane of this lane's segment of `width` lanes; if it lies outside of the
// segment (which the caller finds out), the lane's own.
template <class T> T shuffle(unsigned mask, T value, int source, const char *operation, Site site) {
    WarpOperation *o = warp_arrive(mask, to_bits(value), operation, site);
    T result = from_bits<T>(warp_value(o, source));
    warp_leave(o);
    return result;
}

inline int segment_begin(int width) { return lane_number() & ~(width - 1); }

// The bits of the lanes whose value fulfils the condition.
template <class Condition>
unsigned lanes_where(unsigned mask, uint64_t value, const char *operation, Site site,
                     Condition condition) {
    WarpOperation *o = warp_arrive(mask, value, operation, site);
    unsigned found = 0, lanes = warp_lanes(o);
    for (int lane = 0; lane < 32; lane++) {
        if (lanes >> lane & 1 && condition(warp_value(o, lane))) found |= 1u << lane;
    }
    warp_leave(o);
    return found;
}

inline unsigned ballot(unsigned mask, bool vote, const char *operation, Site site) {
    return lanes_where(mask, vote, operation, site, [](uint64_t v) { return v != 0; });
}

template <class T, class Combine>
T reduce(unsigned mask, T value, const char *operation, Site site, Combine combine) {
    WarpOperation *o = warp_arrive(mask, to_bits(value), operation, site);
    unsigned lanes = warp_lanes(o);
    int first = __builtin_ctz(lanes);
    T result = from_bits<T>(warp_value(o, first));
    for (int lane = first + 1; lane < 32; lane++) {
        if (lanes >> lane & 1) result = combine(result, from_bits<T>(warp_value(o, lane)));
    }
    warp_leave(o);
    return result;
}

} // namespace emulator

static inline void __syncwarp(unsigned mask = 0xffffffffu,
                              emulator::Site site = emulator::Site::here()) {
    emulator::warp_barrier(mask, site);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              emulator::Site site = emulator::Site::here()) {
    int lane = emulator::segment_begin(width) + (source & (width - 1));
    return emulator::shuffle(mask, value, lane, "__shfl_sync", site);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 emulator::Site site = emulator::Site::here()) {
    int lane = emulator::lane_number(), source = lane - (int)delta;
    if (source < emulator::segment_begin(width)) source = lane;
    return emulator::shuffle(mask, value, source, "__shfl_up_sync", site);
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   emulator::Site site = emulator::Site::here()) {
    int lane = emulator::lane_number(), source = lane + (int)delta;
    if (source >= emulator::segment_begin(width) + width) source = lane;
    return emulator::shuffle(mask, value, source, "__shfl_down_sync", site);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32,
                  emulator::Site site = emulator::Site::here()) {
    int lane = emulator::lane_number(), source = lane ^ bits;
    if (source >= emulator::segment_begin(width) + width) source = lane;
    return emulator::shuffle(mask, value, source, "__shfl_xor_sync", site);
}

static inline unsigned __ballot_sync(unsigned mask, int predicate,
                                     emulator::Site site = emulator::Site::here()) {
    return emulator::ballot(mask, predicate != 0, "__ballot_sync", site);
}
static inline int __any_sync(unsigned mask, int predicate,
                             emulator::Site site = emulator::Site::here()) {
    return emulator::ballot(mask, predicate != 0, "__any_sync", site) != 0;
}
static inline int __all_sync(unsigned mask, int predicate,
                             emulator::Site site = emulator::Site::here()) {
    return emulator::ballot(mask, predicate == 0, "__all_sync", site) == 0;
}

template <class T>
unsigned __match_any_sync(unsigned mask, T value, emulator::Site site = emulator::Site::here()) {
    uint64_t mine = emulator::to_bits(value);
    return emulator::lanes_where(mask, mine, "__match_any_sync", site,
                                 [=](uint64_t v) { return v == mine; });
}
template <class T>
unsigned __match_all_sync(unsigned mask, T value, int *all,
                          emulator::Site site = emulator::Site::here()) {
    uint64_t mine = emulator::to_bits(value);
    unsigned differ = emulator::lanes_where(mask, mine, "__match_all_sync", site,
                                            [=](uint64_t v) { return v != mine; });
    *all = differ == 0;
    return *all ? mask : 0;
}

#define EMULATOR_REDUCE(name, type, result)                                                       \
    static inline type name(unsigned mask, type value,                                            \
                            emulator::Site site = emulator::Site::here()) {                       \
        return emulator::reduce(mask, value, #name, site, [](type a, type b) { return result; }); \
    }
EMULATOR_REDUCE(__reduce_add_sync, unsigned, a + b)
EMULATOR_REDUCE(__reduce_min_sync, unsigned, a < b ? a : b)
EMULATOR_REDUCE(__reduce_max_sync, unsigned, a > b ? a : b)
EMULATOR_REDUCE(__reduce_and_sync, unsigned, (a & b))
EMULATOR_REDUCE(__reduce_or_sync, unsigned, a | b)
EMULATOR_REDUCE(__reduce_xor_sync, unsigned, a ^ b)
EMULATOR_REDUCE(__reduce_add_sync, int, (int)((unsigned)a + (unsigned)b))
EMULATOR_REDUCE(__reduce_min_sync, int, a < b ? a : b)
EMULATOR_REDUCE(__reduce_max_sync, int, a > b ? a : b)
#undef EMULATOR_REDUCE
