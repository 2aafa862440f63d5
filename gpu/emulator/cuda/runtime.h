// The runtime API: memory, copies, errors, streams and events. The device is this machine's
// processor: a call has done its work when it returns, also an asynchronous one.
#pragma once
#include "vectors.h"
#include <type_traits>

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorInvalidDevice = 101,
    cudaErrorNotReady = 600,
    cudaErrorLaunchFailure = 719,
    cudaErrorStreamCaptureUnsupported = 900,
    cudaErrorCapturedEvent = 907,
};
typedef cudaError_t cudaError;

cudaError_t cudaGetLastError();
cudaError_t cudaPeekAtLastError();
const char *cudaGetErrorString(cudaError_t error);
const char *cudaGetErrorName(cudaError_t error);

// Memory.
constexpr unsigned cudaMemAttachGlobal = 1, cudaHostAllocDefault = 0;
constexpr unsigned cudaHostAllocPortable = 1, cudaHostAllocMapped = 2;
typedef struct EmulatorStream *cudaStream_t;
cudaError_t cudaMalloc(void **memory, size_t bytes);
cudaError_t cudaMallocManaged(void **memory, size_t bytes, unsigned flags = cudaMemAttachGlobal);
cudaError_t cudaMallocHost(void **memory, size_t bytes, unsigned flags = cudaHostAllocDefault);
cudaError_t cudaHostAlloc(void **memory, size_t bytes, unsigned flags);
cudaError_t cudaMallocAsync(void **memory, size_t bytes, cudaStream_t stream);
cudaError_t cudaMallocPitch(void **memory, size_t *pitch, size_t width, size_t height);
cudaError_t cudaFree(void *memory);
cudaError_t cudaFreeHost(void *memory);
cudaError_t cudaFreeAsync(void *memory, cudaStream_t stream);
cudaError_t cudaMemGetInfo(size_t *unused, size_t *total);
// The same for pointers to any type.
#define EMULATOR_TYPED(name, ...)                                                  \
    template <class T> __forceinline__ cudaError_t name(T **memory, __VA_ARGS__) { \
        return name(reinterpret_cast<void **>(memory), EMULATOR_PASSED);           \
    }
#define EMULATOR_PASSED bytes
EMULATOR_TYPED(cudaMalloc, size_t bytes)
#undef EMULATOR_PASSED
#define EMULATOR_PASSED bytes, flags
EMULATOR_TYPED(cudaMallocManaged, size_t bytes, unsigned flags = cudaMemAttachGlobal)
EMULATOR_TYPED(cudaMallocHost, size_t bytes, unsigned flags = cudaHostAllocDefault)
EMULATOR_TYPED(cudaHostAlloc, size_t bytes, unsigned flags)
#undef EMULATOR_PASSED
#define EMULATOR_PASSED bytes, stream
EMULATOR_TYPED(cudaMallocAsync, size_t bytes, cudaStream_t stream)
#undef EMULATOR_PASSED
#define EMULATOR_PASSED pitch, width, height
EMULATOR_TYPED(cudaMallocPitch, size_t *pitch, size_t width, size_t height)
#undef EMULATOR_PASSED
#undef EMULATOR_TYPED

// Copies and fills.
enum cudaMemcpyKind {
    cudaMemcpyHostToHost,
    cudaMemcpyHostToDevice,
    cudaMemcpyDeviceToHost,
    cudaMemcpyDeviceToDevice,
    cudaMemcpyDefault
};
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream = nullptr);
cudaError_t cudaMemcpy2D(void *to, size_t to_pitch, const void *from, size_t from_pitch,
                         size_t width, size_t height, cudaMemcpyKind kind);
cudaError_t cudaMemset(void *memory, int value, size_t bytes);
cudaError_t cudaMemsetAsync(void *memory, int value, size_t bytes, cudaStream_t stream = nullptr);
static inline cudaError_t cudaMemPrefetchAsync(const void *, size_t, int, cudaStream_t = nullptr) {
    return cudaPeekAtLastError();
}

// __device__ and __constant__ variables.
cudaError_t emulator_copy_to_symbol(void *symbol, size_t symbol_bytes, const void *from,
                                    size_t bytes, size_t offset);
cudaError_t emulator_copy_from_symbol(void *to, const void *symbol, size_t symbol_bytes,
                                      size_t bytes, size_t offset);
template <class T>
cudaError_t cudaMemcpyToSymbol(const T &symbol, const void *from, size_t bytes, size_t offset = 0,
                               cudaMemcpyKind = cudaMemcpyHostToDevice) {
    return emulator_copy_to_symbol(const_cast<void *>(static_cast<const void *>(&symbol)),
                                   sizeof symbol, from, bytes, offset);
}
template <class T>
cudaError_t cudaMemcpyFromSymbol(void *to, const T &symbol, size_t bytes, size_t offset = 0,
                                 cudaMemcpyKind = cudaMemcpyDeviceToHost) {
    return emulator_copy_from_symbol(to, static_cast<const void *>(&symbol), sizeof symbol, bytes,
                                     offset);
}
template <class T> cudaError_t cudaGetSymbolAddress(void **address, const T &symbol) {
    *address = const_cast<void *>(static_cast<const void *>(&symbol));
    return cudaSuccess;
}
template <class T> cudaError_t cudaGetSymbolSize(size_t *bytes, const T &symbol) {
    *bytes = sizeof symbol;
    return cudaSuccess;
}

// The device.
struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem, sharedMemPerBlock, sharedMemPerBlockOptin, sharedMemPerMultiprocessor;
    size_t totalConstMem;
    int major, minor, multiProcessorCount, warpSize;
    int maxThreadsPerBlock, maxThreadsPerMultiProcessor, maxThreadsDim[3], maxGridSize[3];
    int maxBlocksPerMultiProcessor, regsPerBlock, regsPerMultiprocessor;
    int clockRate, memoryClockRate, memoryBusWidth, l2CacheSize;
    int concurrentKernels, managedMemory, canMapHostMemory, unifiedAddressing, integrated;
    int asyncEngineCount, cooperativeLaunch;
};
enum cudaDeviceAttr {
    cudaDevAttrMaxThreadsPerBlock = 1,
    cudaDevAttrMaxSharedMemoryPerBlock = 8,
    cudaDevAttrWarpSize = 10,
    cudaDevAttrMultiProcessorCount = 16,
    cudaDevAttrMaxThreadsPerMultiProcessor = 39,
    cudaDevAttrComputeCapabilityMajor = 75,
    cudaDevAttrComputeCapabilityMinor = 76,
    cudaDevAttrMaxSharedMemoryPerMultiprocessor = 81,
    cudaDevAttrMaxSharedMemoryPerBlockOptin = 97,
};
constexpr int cudaCpuDeviceId = -1;
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaGetDevice(int *device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int device);
cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device);
cudaError_t cudaDeviceSynchronize();
cudaError_t cudaDeviceReset();
cudaError_t cudaDriverGetVersion(int *version);
cudaError_t cudaRuntimeGetVersion(int *version);

// Streams and events.
constexpr unsigned cudaStreamDefault = 0, cudaStreamNonBlocking = 1;
constexpr unsigned cudaEventDefault = 0, cudaEventBlockingSync = 1, cudaEventDisableTiming = 2;
typedef struct EmulatorEvent *cudaEvent_t;
cudaError_t cudaStreamCreate(cudaStream_t *stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamQuery(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t cudaEventCreate(cudaEvent_t *event);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = nullptr);
constexpr unsigned cudaEventRecordDefault = 0, cudaEventRecordExternal = 1;
// External: where a stream captures, the graph records the event; else it only marks a place.
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream = nullptr,
                                     unsigned flags = cudaEventRecordDefault);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventQuery(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to);

// Properties of kernels. Registers are not known here: occupancy counts threads and shared memory.
enum cudaFuncAttribute {
    cudaFuncAttributeMaxDynamicSharedMemorySize = 8,
    cudaFuncAttributePreferredSharedMemoryCarveout = 9,
};
enum cudaFuncCache {
    cudaFuncCachePreferNone,
    cudaFuncCachePreferShared,
    cudaFuncCachePreferL1,
    cudaFuncCachePreferEqual
};
cudaError_t emulator_allow_dynamic_shared(cudaFuncAttribute attribute, int value);
int emulator_blocks_on_multiprocessor(int block_size, size_t dynamic_shared_bytes);
template <class T> cudaError_t cudaFuncSetAttribute(T *, cudaFuncAttribute attribute, int value) {
    return emulator_allow_dynamic_shared(attribute, value);
}
template <class T> cudaError_t cudaFuncSetCacheConfig(T *, cudaFuncCache) { return cudaSuccess; }
template <class T>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, T *, int block_size,
                                                          size_t dynamic_shared_bytes) {
    *blocks = emulator_blocks_on_multiprocessor(block_size, dynamic_shared_bytes);
    return cudaSuccess;
}
template <class T>
cudaError_t cudaOccupancyMaxPotentialBlockSize(int *grid_size, int *block_size, T *,
                                               size_t dynamic_shared_bytes = 0, int limit = 0) {
    *block_size = limit > 0 && limit < 1024 ? limit : 1024;
    int device = 0, multiprocessors = 0;
    cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
    *grid_size =
        multiprocessors * emulator_blocks_on_multiprocessor(*block_size, dynamic_shared_bytes);
    return cudaSuccess;
}
