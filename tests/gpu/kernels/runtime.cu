// Memory, copies, errors, events and properties.
#include "check.h"
#include <cstring>

static void test_memory() {
    float *device, *managed, *pinned, host[6] = { 1, 2, 3, 4, 5, 6 }, back[6] = { 0 };
    OK(cudaMalloc((void **)&device, sizeof host));
    OK(cudaMallocManaged(&managed, sizeof host));
    OK(cudaMallocHost(&pinned, sizeof host));
    OK(cudaMemcpy(device, host, sizeof host, cudaMemcpyHostToDevice));
    OK(cudaMemcpy(managed, device, sizeof host, cudaMemcpyDeviceToDevice));
    OK(cudaMemcpy(pinned, device, sizeof host, cudaMemcpyDeviceToHost));
    CHECK(memcmp(managed, host, sizeof host) == 0 && memcmp(pinned, host, sizeof host) == 0);
    OK(cudaMemset(device + 2, 0, 2 * sizeof(float)));
    OK(cudaMemcpy(back, device, sizeof host, cudaMemcpyDefault));
    CHECK(back[1] == 2 && back[2] == 0 && back[3] == 0 && back[4] == 5);
    OK(cudaMemcpy2D(back, 8, device, 12, 8, 2, cudaMemcpyDeviceToHost));
    CHECK(back[0] == 1 && back[1] == 2 && back[2] == 0 && back[3] == 5);
    OK(cudaFree(device));
    OK(cudaFree(managed));
    OK(cudaFreeHost(pinned));
    OK(cudaFree(nullptr));
}

static void test_errors() {
    void *memory;
    CHECK(cudaMalloc(&memory, (size_t)1 << 50) == cudaErrorMemoryAllocation);
    CHECK(strcmp(cudaGetErrorString(cudaGetLastError()), "out of memory") == 0);
    CHECK(strcmp(cudaGetErrorName(cudaErrorLaunchFailure), "cudaErrorLaunchFailure") == 0);
    CHECK(cudaSetDevice(1000) == cudaErrorInvalidDevice);
    CHECK(cudaGetLastError() == cudaErrorInvalidDevice && cudaGetLastError() == cudaSuccess);
}

static void test_streams() {
    cudaStream_t stream;
    cudaEvent_t from, to;
    OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    OK(cudaEventCreate(&from));
    OK(cudaEventCreate(&to));
    int *device, host = 3, back = 0;
    OK(cudaEventRecord(from, stream));
    OK(cudaMallocAsync(&device, sizeof host, stream));
    OK(cudaMemcpyAsync(device, &host, sizeof host, cudaMemcpyHostToDevice, stream));
    OK(cudaMemcpyAsync(&back, device, sizeof host, cudaMemcpyDeviceToHost, stream));
    OK(cudaMemsetAsync(device, 0, sizeof host, stream));
    OK(cudaFreeAsync(device, stream));
    OK(cudaEventRecord(to, stream));
    OK(cudaStreamWaitEvent(stream, to, 0));
    OK(cudaEventSynchronize(to));
    OK(cudaStreamSynchronize(stream));
    float ms = -1.0f;
    OK(cudaEventElapsedTime(&ms, from, to));
    CHECK(back == 3 && ms >= 0.0f);
    OK(cudaEventDestroy(from));
    OK(cudaEventDestroy(to));
    OK(cudaStreamDestroy(stream));
}

__global__ void nothing() {}

static void test_properties() {
    int devices, blocks, grid, block, processors;
    cudaDeviceProp p;
    OK(cudaGetDeviceCount(&devices));
    OK(cudaGetDeviceProperties(&p, 0));
    CHECK(devices >= 1 && p.warpSize == 32 && p.maxThreadsPerBlock == 1024 && p.major >= 7);
    OK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0));
    CHECK(processors == p.multiProcessorCount && p.name[0] != '\0');
    OK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, nothing, 256, 0));
    CHECK(blocks >= 1 && blocks * 256 <= p.maxThreadsPerMultiProcessor);
    OK(cudaOccupancyMaxPotentialBlockSize(&grid, &block, nothing, 0, 0));
    CHECK(block >= 32 && grid >= processors);
    size_t unused, total;
    OK(cudaMemGetInfo(&unused, &total));
    CHECK(unused <= total && unused > 0);
}

int main() {
    test_memory();
    test_errors();
    test_streams();
    test_properties();
    OK(cudaDeviceSynchronize());
    puts("ok");
}
