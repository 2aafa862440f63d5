// For the tests of exercises: device memory, three orders of the threads, and exact counts of what
// the kernels' accesses cost. A program whose check fails ends with status 1; one in which the
// emulator found a fault (a race, a missing barrier, an access out of bounds), with status 3.
#pragma once
#include "gpu/emulator/engine/profile.h"
#include "gpu/launch.h"
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace exercise {

[[noreturn]] __attribute__((format(printf, 1, 2))) static inline void not_yet(const char *text,
                                                                              ...) {
    va_list arguments;
    va_start(arguments, text);
    vfprintf(stderr, text, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

// Ends the program with the text, which is a format with arguments, unless the condition is true.
#define EXPECT(condition, ...)                            \
    do {                                                  \
        if (!(condition)) exercise::not_yet(__VA_ARGS__); \
    } while (0)

template <class T> struct Device {
    T *data;
    size_t n;
    // Contains the values. Of a number instead: as many elements, never written.
    explicit Device(const std::vector<T> &values) : Device(values.size()) {
        cudaMemcpy(data, values.data(), n * sizeof(T), cudaMemcpyHostToDevice);
    }
    explicit Device(size_t count) : n(count) { cudaMalloc(&data, n * sizeof(T)); }
    Device(const Device &) = delete;
    ~Device() { cudaFree(data); }
    std::vector<T> values() const {
        std::vector<T> out(n);
        cudaMemcpy(out.data(), data, n * sizeof(T), cudaMemcpyDeviceToHost);
        return out;
    }
};

// 0, 1, 2 ... modulo 7, minus 3: sums of products of these are exact in float.
static inline std::vector<float> small_numbers(size_t n, unsigned start = 0) {
    std::vector<float> out(n);
    for (size_t i = 0; i < n; i++) out[i] = (float)((i * 5 + start) % 7) - 3.0f;
    return out;
}

// Calls the function in each order of the threads.
template <class Function> void in_all_orders(Function run) {
    const emulator::Order orders[] = { emulator::Order::FORWARD, emulator::Order::REVERSE,
                                       emulator::Order::RANDOM };
    for (emulator::Order order : orders) {
        emulator::set_order(order);
        run();
    }
}

// What is counted from start_profile() on: the sum over all lines of all kernels, of one kind of
// memory, and of one access ("read", "write" or "atomic").
struct Cost {
    double requests, moved; // sectors in global memory, wavefronts in shared memory
    double per_request() const { return requests > 0 ? moved / requests : 0; }
};
enum class Memory { GLOBAL, SHARED };
static inline Cost cost(Memory memory, const std::string &access) {
    Cost sum = { 0, 0 };
    for (const emulator::KernelProfile &k : emulator::profile_results()) {
        for (const emulator::LineProfile &l : k.lines) {
            if (l.shared != (memory == Memory::SHARED) || access != l.access) continue;
            sum.requests += (double)l.requests;
            sum.moved += (double)l.moved;
        }
    }
    return sum;
}
using emulator::start_profile;

} // namespace exercise
