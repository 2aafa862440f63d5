// What the test programs share: a device buffer with its contents, and a check that counts.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <vector>

// Ends the program with status 1 when a condition does not hold.
#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                  \
        }                                                                             \
    } while (0)
#define OK(call) CHECK((call) == cudaSuccess)

template <class T> struct Buffer {
    T *device;
    size_t n;
    explicit Buffer(const std::vector<T> &host) : n(host.size()) {
        OK(cudaMalloc(&device, n * sizeof(T)));
        OK(cudaMemcpy(device, host.data(), n * sizeof(T), cudaMemcpyHostToDevice));
    }
    Buffer(size_t count, T value) : Buffer(std::vector<T>(count, value)) {}
    std::vector<T> host() const {
        std::vector<T> copy(n);
        OK(cudaMemcpy(copy.data(), device, n * sizeof(T), cudaMemcpyDeviceToHost));
        return copy;
    }
    ~Buffer() { cudaFree(device); }
};

// Whether the program was asked to run the kernel with its planted fault.
static inline bool planted(int count, char **arguments) {
    return count > 1 && arguments[1][0] == 'p';
}
