// What every part of the trainer works with: a stream, cuBLAS, and checked calls.
#pragma once
#include "gpu/launch.h"
#include <cublas_v2.h>
#include <cuda_bf16.h>

// What products in bf16 read in place of floats. Empty: products are in fp32.
struct Bf16Operands {
    const float *parameters; // [floats]
    size_t floats;
    __nv_bfloat16 *weights;  // [floats]: the parameters, rounded
    __nv_bfloat16 *operands; // [capacity]: of the product that runs, rounded, but for weights
    size_t capacity;
};

typedef struct {
    cudaStream_t stream;
    cublasHandle_t cublas; // NULL: products use our own kernel
    Bf16Operands bf16;
} Gpu;

// A call that fails in the middle of a pass ends the program with a line that says which: device
// memory cannot be trusted afterwards, and the checkpoints on disk are whole.
// A launcher returns null or what is wrong.
#define CHECK(call) gpu_check((call), #call, __FILE__, __LINE__)
void gpu_check(cudaError_t error, const char *call, const char *file, int line);
void gpu_check(const char *error, const char *call, const char *file, int line);

// Kernels with one thread per element.
enum { BLOCK_THREADS = 256 };
static inline unsigned blocks_of(size_t count) {
    return (unsigned)((count + BLOCK_THREADS - 1) / BLOCK_THREADS);
}
