// Graphs of what a stream is given while it captures: launches, copies, fills, products of cuBLAS
// and events. They are recorded with their arguments, as a GPU does, and done only when the graph
// is launched, in the order of the calls; so a value that the host passed stays as it was.
#pragma once
#include "runtime.h"

typedef struct EmulatorGraph *cudaGraph_t;
typedef struct EmulatorGraphExec *cudaGraphExec_t;
enum cudaStreamCaptureMode {
    cudaStreamCaptureModeGlobal,
    cudaStreamCaptureModeThreadLocal,
    cudaStreamCaptureModeRelaxed
};
enum cudaStreamCaptureStatus { cudaStreamCaptureStatusNone, cudaStreamCaptureStatusActive };

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph,
                                 unsigned long long flags = 0);
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec);

// What the host has called so far, for tests of programs that are to call little.
struct EmulatorCalls {
    long allocations, frees; // also of pinned memory
    long copies;             // to, from and on the device
    long waits;              // for a stream, an event or the device; so does cudaMemcpy
    long launches;           // of kernels and graphs; not of the kernels in a graph
};
EmulatorCalls emulator_calls();
