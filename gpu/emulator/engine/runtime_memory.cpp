#include "fault.h"
#include "graph.h"
#include "memory.h"
#include "runtime.h"
#include <cstring>

#define CALLER __builtin_return_address(0)

using namespace emulator;

static cudaError_t allocate(void **memory, size_t bytes, Kind kind, const void *caller) {
    calls.allocations++;
    if (!may_wait()) return result(cudaErrorStreamCaptureUnsupported);
    char *allocated = device_allocate(bytes, kind, caller);
    *memory = bytes > 0 ? allocated : nullptr;
    return result(allocated ? cudaSuccess : cudaErrorMemoryAllocation);
}

static cudaError_t release(void *memory, const char *call, const void *caller) {
    calls.frees++;
    if (!may_wait()) return result(cudaErrorStreamCaptureUnsupported);
    if (!memory || device_free(memory, caller)) return result(cudaSuccess);
    fault(format("%s of a pointer that is not allocated", call), caller,
          format("  %p was not allocated, or is freed already\n", memory));
    return result(cudaErrorInvalidValue);
}

cudaError_t cudaMalloc(void **memory, size_t bytes) {
    return allocate(memory, bytes, Kind::DEVICE, CALLER);
}
cudaError_t cudaMallocAsync(void **memory, size_t bytes, cudaStream_t) {
    return allocate(memory, bytes, Kind::DEVICE, CALLER);
}
cudaError_t cudaMallocManaged(void **memory, size_t bytes, unsigned) {
    return allocate(memory, bytes, Kind::HOST, CALLER);
}
cudaError_t cudaMallocHost(void **memory, size_t bytes, unsigned) {
    return allocate(memory, bytes, Kind::HOST, CALLER);
}
cudaError_t cudaHostAlloc(void **memory, size_t bytes, unsigned) {
    return allocate(memory, bytes, Kind::HOST, CALLER);
}
cudaError_t cudaMallocPitch(void **memory, size_t *pitch, size_t width, size_t height) {
    *pitch = (width + 511) / 512 * 512;
    return allocate(memory, *pitch * height, Kind::DEVICE, CALLER);
}
cudaError_t cudaFree(void *memory) { return release(memory, "cudaFree", CALLER); }
cudaError_t cudaFreeHost(void *memory) { return release(memory, "cudaFreeHost", CALLER); }
cudaError_t cudaFreeAsync(void *memory, cudaStream_t) {
    return release(memory, "cudaFreeAsync", CALLER);
}

cudaError_t cudaMemGetInfo(size_t *unused, size_t *total) {
    *total = DEVICE_BYTES;
    *unused = DEVICE_BYTES - device_bytes_in_use();
    return result(cudaSuccess);
}

// Whether a pointer may be the one that the kind of copy asks for.
static bool on_side(const void *memory, bool device) {
    return device ? may_be_device_memory(memory) : may_be_host_memory(memory);
}

static const char *wrong_with(const void *memory, size_t bytes, bool any, bool device) {
    if (!any && !on_side(memory, device)) {
        return device ? "is not device memory" : "is not host memory";
    }
    return can_copy(memory, bytes) ? nullptr : "has fewer bytes, or is freed";
}

static cudaError_t copy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                        const void *caller) {
    if (bytes == 0) return result(cudaSuccess);
    bool any = kind == cudaMemcpyDefault;
    bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    const char *wrong_to = wrong_with(to, bytes, any, to_device);
    const char *wrong_from = wrong_with(from, bytes, any, from_device);
    if (wrong_to || wrong_from) {
        fault(format("cudaMemcpy: the %s", wrong_to ? "destination" : "source"), caller,
              format("  %zu bytes: it %s\n", bytes, wrong_to ? wrong_to : wrong_from));
        return result(cudaErrorInvalidValue);
    }
    memmove(to, from, bytes);
    copy_shadow(to, from, bytes);
    return result(cudaSuccess);
}

static cudaError_t fill(void *memory, int value, size_t bytes, const void *caller) {
    if (bytes == 0) return result(cudaSuccess);
    const char *wrong = wrong_with(memory, bytes, false, true);
    if (wrong) {
        fault("cudaMemset: the memory", caller, format("  %zu bytes: it %s\n", bytes, wrong));
        return result(cudaErrorInvalidValue);
    }
    memset(memory, value, bytes);
    set_written(memory, bytes);
    return result(cudaSuccess);
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind) {
    calls.copies++;
    calls.waits++;
    if (!may_wait()) return result(cudaErrorStreamCaptureUnsupported);
    return copy(to, from, bytes, kind, CALLER);
}
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
    const void *caller = CALLER;
    calls.copies++;
    return submit(stream, [=] { return copy(to, from, bytes, kind, caller); });
}
cudaError_t cudaMemcpy2D(void *to, size_t to_pitch, const void *from, size_t from_pitch,
                         size_t width, size_t height, cudaMemcpyKind kind) {
    cudaError_t error = result(cudaSuccess);
    for (size_t row = 0; row < height && error == cudaSuccess; row++) {
        error = copy(static_cast<char *>(to) + row * to_pitch,
                     static_cast<const char *>(from) + row * from_pitch, width, kind, CALLER);
    }
    return error;
}
cudaError_t cudaMemset(void *memory, int value, size_t bytes) {
    return fill(memory, value, bytes, CALLER);
}
cudaError_t cudaMemsetAsync(void *memory, int value, size_t bytes, cudaStream_t stream) {
    const void *caller = CALLER;
    return submit(stream, [=] { return fill(memory, value, bytes, caller); });
}

static cudaError_t copy_symbol(void *to, const void *from, size_t bytes, size_t offset,
                               size_t symbol_bytes) {
    if (offset > symbol_bytes || bytes > symbol_bytes - offset) return cudaErrorInvalidValue;
    memcpy(to, from, bytes);
    return cudaSuccess;
}

cudaError_t emulator_copy_to_symbol(void *symbol, size_t symbol_bytes, const void *from,
                                    size_t bytes, size_t offset) {
    return result(
        copy_symbol(static_cast<char *>(symbol) + offset, from, bytes, offset, symbol_bytes));
}

cudaError_t emulator_copy_from_symbol(void *to, const void *symbol, size_t symbol_bytes,
                                      size_t bytes, size_t offset) {
    return result(
        copy_symbol(to, static_cast<const char *>(symbol) + offset, bytes, offset, symbol_bytes));
}
