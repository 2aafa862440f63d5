// __global__ and so on. Functions are compiled once, for host and device.
#pragma once
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUDART_VERSION 12000
#define __CUDACC__
#define __CUDA_ARCH__ 800
#define EMULATOR      1 // no kernel needs to ask

#define __global__
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __grid_constant__ const
#define __forceinline__   inline __attribute__((always_inline))
#define __align__(bytes)  __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
// libstdc++ uses __noinline__ within __attribute__, so it is no macro: see rewrite.c.
#define EMULATOR_NOINLINE __attribute__((noinline))
// Checked by the code that calls it, as one access, and not by the compiler.
#define EMULATOR_UNCHECKED __attribute__((noinline, no_sanitize("thread")))

// Shared variables are thread-local: a worker runs one block at a time. Before each one lies a
// guard that no kernel uses, so that accesses beyond the variable before it are seen. __constinit:
// without code that initialises them at first use, which the compiler would make for bf16.
namespace emulator {
struct Guard {
    char bytes[128];
};
} // namespace emulator
#define EMULATOR_JOIN_(a, b) a##b
#define EMULATOR_JOIN(a, b)  EMULATOR_JOIN_(a, b)
#define __shared__                                                                           \
    __attribute__((used)) static thread_local emulator::Guard EMULATOR_JOIN(emulator_guard_, \
                                                                            __COUNTER__);    \
    static thread_local __constinit __attribute__((aligned(128)))

// All dynamic shared memory is one array of the engine, under many names and types.
#define EMULATOR_DYNAMIC __asm__("emulator_dynamic_shared")
namespace emulator {
char *dynamic_shared() __attribute__((const));
// Converts to a reference to an array of any type.
struct DynamicShared {
    template <class T> using Array = T[];
    template <class T> operator Array<T> &() const {
        return *reinterpret_cast<Array<T> *>(dynamic_shared());
    }
};
} // namespace emulator
#define DYNAMIC_SHARED(type, name) type(&name)[] = emulator::DynamicShared()
