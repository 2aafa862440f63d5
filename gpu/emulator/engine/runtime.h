// What the files that implement the runtime API share.
#pragma once
#include "../cuda_runtime.h"

namespace emulator {

// Every call ends with this: a kernel's failure is the result of all later ones, and the last error
// is remembered for cudaGetLastError.
cudaError_t result(cudaError_t error);
// After a fault that ends a kernel on a GPU too.
void set_launch_failed();

// The emulated device.
constexpr int MULTIPROCESSORS = 4, THREADS_OF_MULTIPROCESSOR = 2048;
constexpr size_t SHARED_OF_BLOCK = 48 << 10, SHARED_OF_MULTIPROCESSOR = 228 << 10;

} // namespace emulator
