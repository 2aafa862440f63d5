// Errors, launches, the device, streams and events.
#include "block.h"
#include "fault.h"
#include "graph.h"
#include "memory.h"
#include "runtime.h"
#include "shared.h"
#include <cstring>
#include <ctime>
#include <memory>

using namespace emulator;

static cudaError_t last_error = cudaSuccess;
static bool launch_failed;
static size_t dynamic_shared_allowed = SHARED_OF_BLOCK; // for any kernel: see README.md

cudaError_t emulator::result(cudaError_t error) {
    if (launch_failed) error = cudaErrorLaunchFailure;
    if (error != cudaSuccess) last_error = error;
    return error;
}

void emulator::set_launch_failed() { launch_failed = true; }

cudaError_t cudaPeekAtLastError() { return launch_failed ? cudaErrorLaunchFailure : last_error; }

cudaError_t cudaGetLastError() {
    cudaError_t error = cudaPeekAtLastError();
    last_error = cudaSuccess;
    return error;
}

static const struct {
    cudaError_t error;
    const char *name, *text;
} ERRORS[] = {
    { cudaSuccess, "cudaSuccess", "no error" },
    { cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument" },
    { cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory" },
    { cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration",
      "invalid configuration argument" },
    { cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal" },
    { cudaErrorNotReady, "cudaErrorNotReady", "device not ready" },
    { cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure" },
    { cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
      "operation not permitted when stream is capturing" },
    { cudaErrorCapturedEvent, "cudaErrorCapturedEvent",
      "operation not permitted on an event last recorded in a capturing stream" },
};

const char *cudaGetErrorString(cudaError_t error) {
    for (const auto &e : ERRORS) {
        if (e.error == error) return e.text;
    }
    return "unrecognized error code";
}

const char *cudaGetErrorName(cudaError_t error) {
    for (const auto &e : ERRORS) {
        if (e.error == error) return e.name;
    }
    return "unrecognized error code";
}

static bool fits(dim3 grid, dim3 block) {
    uint64_t threads = (uint64_t)block.x * block.y * block.z;
    uint64_t blocks = (uint64_t)grid.x * grid.y * grid.z;
    return threads > 0 && threads <= (uint64_t)MAX_THREADS && block.z <= 64 && blocks > 0 &&
           blocks < 1u << 31 && grid.y < 65536 && grid.z < 65536;
}

// The arguments are a copy, aligned as any type of CUDA.
struct Arguments {
    explicit Arguments(const void *from, size_t bytes)
        : data(aligned_alloc(64, (bytes + 63) / 64 * 64)) {
        memcpy(data, from, bytes);
    }
    ~Arguments() { free(data); }
    Arguments(const Arguments &) = delete;
    Arguments &operator=(const Arguments &) = delete;
    void *data;
};

static cudaError_t run(Launch launch) {
    if (!run_grid(&launch)) set_launch_failed();
    return result(cudaSuccess);
}

void emulator::run_launch(const char *kernel, Site site, dim3 grid, dim3 block, size_t shared_bytes,
                          cudaStream_t stream, void (*entry)(const void *), const void *arguments,
                          size_t argument_bytes) {
    if (current) {
        fault("a kernel launches a kernel, which is not emulated", site);
        abandon_block();
    }
    if (result(cudaSuccess) != cudaSuccess) return;
    calls.launches++;
    if (!fits(grid, block)) {
        result(cudaErrorInvalidConfiguration);
    } else if (shared_bytes > dynamic_shared_allowed) {
        result(cudaErrorInvalidValue);
    } else {
        Launch launch = {};
        launch.kernel = kernel;
        launch.site = site;
        launch.grid = { grid.x, grid.y, grid.z };
        launch.block = { block.x, block.y, block.z };
        launch.shared_bytes = shared_bytes;
        launch.entry = entry;
        launch.arguments = arguments;
        launch.argument_bytes = argument_bytes;
        if (!is_capturing(stream)) {
            run(launch);
            return;
        }
        auto copy = std::make_shared<Arguments>(arguments, argument_bytes);
        submit(stream, [launch, copy] {
            Launch own = launch;
            own.arguments = copy->data;
            return run(own);
        });
    }
}

// The device.
cudaError_t cudaGetDeviceCount(int *count) {
    *count = 1;
    return result(cudaSuccess);
}
cudaError_t cudaGetDevice(int *device) {
    *device = 0;
    return result(cudaSuccess);
}
cudaError_t cudaSetDevice(int device) {
    return result(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int device) {
    if (device != 0) return result(cudaErrorInvalidDevice);
    *p = {};
    strcpy(p->name, "CUDA emulator on the CPU");
    p->totalGlobalMem = DEVICE_BYTES;
    p->sharedMemPerBlock = SHARED_OF_BLOCK;
    p->sharedMemPerBlockOptin = MAX_DYNAMIC_SHARED;
    p->sharedMemPerMultiprocessor = SHARED_OF_MULTIPROCESSOR;
    p->totalConstMem = 64 << 10;
    p->major = 8;
    p->multiProcessorCount = MULTIPROCESSORS;
    p->warpSize = LANES;
    p->maxThreadsPerBlock = p->maxThreadsDim[0] = p->maxThreadsDim[1] = MAX_THREADS;
    p->maxThreadsDim[2] = 64;
    p->maxThreadsPerMultiProcessor = THREADS_OF_MULTIPROCESSOR;
    p->maxBlocksPerMultiProcessor = 32;
    p->maxGridSize[0] = 0x7fffffff;
    p->maxGridSize[1] = p->maxGridSize[2] = 65535;
    p->regsPerBlock = p->regsPerMultiprocessor = 65536;
    p->clockRate = p->memoryClockRate = 1000000; // kHz, invented
    p->memoryBusWidth = 256;
    p->l2CacheSize = 4 << 20;
    p->managedMemory = p->canMapHostMemory = p->unifiedAddressing = 1;
    return result(cudaSuccess);
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device) {
    cudaDeviceProp p;
    if (cudaGetDeviceProperties(&p, device) != cudaSuccess) return cudaErrorInvalidDevice;
    switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock: *value = p.maxThreadsPerBlock; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = (int)p.sharedMemPerBlock; break;
    case cudaDevAttrWarpSize: *value = p.warpSize; break;
    case cudaDevAttrMultiProcessorCount: *value = p.multiProcessorCount; break;
    case cudaDevAttrMaxThreadsPerMultiProcessor: *value = p.maxThreadsPerMultiProcessor; break;
    case cudaDevAttrComputeCapabilityMajor: *value = p.major; break;
    case cudaDevAttrComputeCapabilityMinor: *value = p.minor; break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
        *value = (int)p.sharedMemPerMultiprocessor;
        break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = (int)p.sharedMemPerBlockOptin; break;
    }
    return result(cudaSuccess);
}

cudaError_t cudaDeviceReset() { return result(cudaSuccess); }
cudaError_t cudaRuntimeGetVersion(int *version) {
    *version = CUDART_VERSION;
    return result(cudaSuccess);
}
cudaError_t cudaDriverGetVersion(int *version) { return cudaRuntimeGetVersion(version); }

cudaError_t emulator_allow_dynamic_shared(cudaFuncAttribute attribute, int value) {
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return result(cudaSuccess);
    if (value < 0 || (size_t)value > MAX_DYNAMIC_SHARED) return result(cudaErrorInvalidValue);
    if ((size_t)value > dynamic_shared_allowed) dynamic_shared_allowed = (size_t)value;
    return result(cudaSuccess);
}

int emulator_blocks_on_multiprocessor(int block_size, size_t dynamic_shared_bytes) {
    if (block_size <= 0 || block_size > MAX_THREADS) return 0;
    int by_threads = THREADS_OF_MULTIPROCESSOR / ((block_size + LANES - 1) / LANES * LANES);
    size_t used = dynamic_shared_bytes + 1024; // a GPU keeps 1 KiB of each block for itself
    int by_shared = (int)(SHARED_OF_MULTIPROCESSOR / used);
    return std::min(std::min(by_threads, by_shared), 32);
}

// Waiting, and events: all work is done in the order of the calls.
static cudaError_t wait_for_work() {
    calls.waits++;
    return result(may_wait() ? cudaSuccess : cudaErrorStreamCaptureUnsupported);
}

cudaError_t cudaDeviceSynchronize() { return wait_for_work(); }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return wait_for_work(); }
cudaError_t cudaStreamQuery(cudaStream_t) { return result(cudaSuccess); }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return result(cudaSuccess); }

struct EmulatorEvent {
    timespec time;
    bool captured; // only marks a place of a graph
};

cudaError_t cudaEventCreate(cudaEvent_t *event) {
    *event = new EmulatorEvent();
    return result(cudaSuccess);
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned) {
    return cudaEventCreate(event);
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
    delete event;
    return result(cudaSuccess);
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned flags) {
    if (is_capturing(stream) && flags != cudaEventRecordExternal) {
        event->captured = true;
        return result(cudaSuccess);
    }
    return submit(stream, [event] {
        clock_gettime(CLOCK_MONOTONIC, &event->time);
        event->captured = false;
        return result(cudaSuccess);
    });
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    return cudaEventRecordWithFlags(event, stream, cudaEventRecordDefault);
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    return event->captured ? result(cudaErrorCapturedEvent) : wait_for_work();
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
    return result(event->captured ? cudaErrorCapturedEvent : cudaSuccess);
}
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to) {
    if (from->captured || to->captured) return result(cudaErrorInvalidValue);
    double seconds = (double)(to->time.tv_sec - from->time.tv_sec);
    *ms = (float)(seconds * 1e3 + (double)(to->time.tv_nsec - from->time.tv_nsec) * 1e-6);
    return result(cudaSuccess);
}
