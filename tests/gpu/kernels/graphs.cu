// Graphs: what a stream captures is done when the graph is launched, with the arguments of the
// capture and what is in memory then.
#include "check.h"
#include <cublas_v2.h>
#include <cuda_runtime.h>

// *sum += value + *changing
__global__ void add(int *sum, int value, const int *changing) { *sum += value + *changing; }

struct Wide {
    alignas(16) float numbers[8];
};
__global__ void store(float *out, Wide wide) { out[threadIdx.x] = wide.numbers[threadIdx.x]; }

static void test_replay() {
    cudaStream_t stream;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    Buffer<int> sum(1, 0), changing(1, 0), copy(1, 0);
    int host = 5, value = 10, back = 0;
    OK(cudaStreamCreate(&stream));
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    OK(cudaMemcpyAsync(changing.device, &host, sizeof host, cudaMemcpyHostToDevice, stream));
    add<<<1, 1, 0, stream>>>(sum.device, value, changing.device);
    OK(cudaMemsetAsync(copy.device, 0, sizeof(int), stream));
    OK(cudaMemcpyAsync(copy.device, sum.device, sizeof(int), cudaMemcpyDeviceToDevice, stream));
    cudaStreamCaptureStatus status;
    OK(cudaStreamIsCapturing(stream, &status));
    CHECK(status == cudaStreamCaptureStatusActive);
    OK(cudaStreamEndCapture(stream, &graph));
    CHECK(sum.host()[0] == 0 && changing.host()[0] == 0);
    OK(cudaGraphInstantiate(&exec, graph, 0));
    OK(cudaGraphDestroy(graph));
    value = 1000; // the argument stays 10
    host = 7;     // memory is read when the graph runs
    OK(cudaGraphLaunch(exec, stream));
    OK(cudaStreamSynchronize(stream));
    CHECK(sum.host()[0] == 17 && copy.host()[0] == 17);
    host = 1;
    for (int i = 0; i < 2; i++) OK(cudaGraphLaunch(exec, stream));
    OK(cudaMemcpyAsync(&back, copy.device, sizeof back, cudaMemcpyDeviceToHost, stream));
    OK(cudaStreamSynchronize(stream));
    CHECK(back == 17 + 11 + 11);
    OK(cudaGraphExecDestroy(exec));
    OK(cudaStreamDestroy(stream));
}

// Products with the alpha of the capture, and an aligned argument.
static void test_products() {
    cudaStream_t stream;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    cublasHandle_t handle;
    Buffer<float> a(1, 3.0f), b(1, 4.0f), c(1, 0.0f), out(8, 0.0f);
    Buffer<char> workspace(1 << 10, (char)0);
    float alpha = 2.0f, beta = 0.0f;
    Wide wide = { { 0, 1, 2, 3, 4, 5, 6, 7 } };
    OK(cudaStreamCreate(&stream));
    CHECK(cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS);
    CHECK(cublasSetStream(handle, stream) == CUBLAS_STATUS_SUCCESS);
    CHECK(cublasSetWorkspace(handle, workspace.device, 1 << 10) == CUBLAS_STATUS_SUCCESS);
    CHECK(cublasSetWorkspace(handle, workspace.device, 1 << 20) == CUBLAS_STATUS_INVALID_VALUE);
    CHECK(cublasSetWorkspace(handle, &wide, sizeof wide) == CUBLAS_STATUS_INVALID_VALUE);
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    CHECK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &alpha, a.device, 1, b.device, 1,
                      &beta, c.device, 1) == CUBLAS_STATUS_SUCCESS);
    store<<<1, 8, 0, stream>>>(out.device, wide);
    OK(cudaStreamEndCapture(stream, &graph));
    OK(cudaGraphInstantiate(&exec, graph, 0));
    alpha = 100.0f;
    wide.numbers[7] = 100.0f;
    CHECK(c.host()[0] == 0.0f);
    OK(cudaGraphLaunch(exec, stream));
    CHECK(c.host()[0] == 24.0f && out.host()[7] == 7.0f);
    OK(cudaGraphExecDestroy(exec));
    OK(cudaGraphDestroy(graph));
    CHECK(cublasDestroy(handle) == CUBLAS_STATUS_SUCCESS);
    OK(cudaStreamDestroy(stream));
}

static void test_events() {
    cudaStream_t stream;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    cudaEvent_t from, to;
    float ms = -1.0f;
    OK(cudaStreamCreate(&stream));
    OK(cudaEventCreate(&from));
    OK(cudaEventCreate(&to));
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    OK(cudaEventRecordWithFlags(from, stream, cudaEventRecordExternal));
    OK(cudaEventRecord(to, stream));
    OK(cudaStreamEndCapture(stream, &graph));
    OK(cudaGraphInstantiate(&exec, graph, 0));
    OK(cudaGraphLaunch(exec, stream));
    CHECK(cudaEventElapsedTime(&ms, from, to) == cudaErrorInvalidValue);
    CHECK(cudaEventSynchronize(to) == cudaErrorCapturedEvent);
    cudaGetLastError();
    OK(cudaEventRecord(to, stream));
    OK(cudaEventElapsedTime(&ms, from, to));
    CHECK(ms >= 0.0f);
    OK(cudaGraphExecDestroy(exec));
    OK(cudaGraphDestroy(graph));
    OK(cudaEventDestroy(from));
    OK(cudaEventDestroy(to));
    OK(cudaStreamDestroy(stream));
}

// What cannot be captured fails.
static void test_refused() {
    cudaStream_t stream;
    cudaGraph_t graph;
    Buffer<int> sum(1, 0);
    void *memory;
    int host = 0;
    OK(cudaStreamCreate(&stream));
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    CHECK(cudaStreamSynchronize(stream) == cudaErrorStreamCaptureUnsupported);
    CHECK(cudaMalloc(&memory, 4) == cudaErrorStreamCaptureUnsupported);
    CHECK(cudaMemcpy(&host, sum.device, 4, cudaMemcpyDeviceToHost) ==
          cudaErrorStreamCaptureUnsupported);
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal) ==
          cudaErrorStreamCaptureUnsupported);
    cudaGetLastError();
    OK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorInvalidValue);
    cudaGetLastError();
    OK(cudaGraphDestroy(graph));
    OK(cudaStreamDestroy(stream));
}

int main() {
    test_replay();
    test_products();
    test_events();
    test_refused();
    printf("ok\n");
    return 0;
}
