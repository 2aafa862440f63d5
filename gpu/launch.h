// What every kernel file includes. Kernels are ordinary CUDA C++ with two rules, so that the same
// source is compiled by nvcc and by the emulator, which has its own LAUNCH and DYNAMIC_SHARED:
//   LAUNCH(kernel, grid, block, shared_bytes, stream, ...) in place of <<<>>>; a kernel whose name
//   has commas is put in parentheses: LAUNCH((kernel<float, 4>), ...)
//   DYNAMIC_SHARED(type, name); in place of extern __shared__ type name[];
#pragma once
#include <cuda_runtime.h>

#ifndef LAUNCH
#define LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
    kernel<<<grid, block, shared_bytes, stream>>>(__VA_ARGS__)
// Declared as bytes: one name cannot have two types in one file.
#define DYNAMIC_SHARED(type, name)                                   \
    extern __shared__ __align__(16) unsigned char dynamic_shared_[]; \
    type *name = reinterpret_cast<type *>(dynamic_shared_)
// In front of a loop that nvcc is to unroll: its indices are then constants, and an array that they
// index can be in registers.
#define UNROLL _Pragma("unroll")
#else
#define UNROLL
#endif

// Whether the code that is being compiled is for a GPU whose tensor cores know bf16: before sm_80
// such a kernel has an empty body, within `if constexpr (BF16_TENSOR_CORES)`.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
constexpr bool BF16_TENSOR_CORES = true;
#else
constexpr bool BF16_TENSOR_CORES = false;
#endif

// Whether the GPU has them.
static inline bool has_bf16_tensor_cores() {
    int major = 0;
    cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0);
    return major >= 8;
}

// A launcher returns null, or in one line why it refuses or what failed. Its last statement is
// `return launch_error();`.
static inline const char *launch_error() {
    cudaError_t error = cudaGetLastError();
    return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

static inline int ceil_div(int a, int b) { return (a + b - 1) / b; }
