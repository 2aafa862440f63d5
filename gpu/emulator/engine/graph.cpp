#include "graph.h"

using namespace emulator;

struct EmulatorGraph {
    std::vector<Work> nodes;
};
struct EmulatorGraphExec {
    std::vector<Work> nodes;
};
struct EmulatorStream {
    EmulatorGraph *graph; // that it captures; null: none
};

EmulatorCalls emulator::calls;
static int captures; // streams that capture

EmulatorCalls emulator_calls() { return calls; }

bool emulator::is_capturing(cudaStream_t stream) { return stream && stream->graph; }

bool emulator::may_wait() { return captures == 0; }

cudaError_t emulator::submit(cudaStream_t stream, const Work &work) {
    if (!is_capturing(stream)) return work();
    stream->graph->nodes.push_back(work);
    return result(cudaSuccess);
}

cudaError_t cudaStreamCreate(cudaStream_t *stream) {
    *stream = new EmulatorStream{};
    return result(cudaSuccess);
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned) {
    return cudaStreamCreate(stream);
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    if (is_capturing(stream)) {
        captures--;
        delete stream->graph;
    }
    delete stream;
    return result(cudaSuccess);
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
    if (!stream || is_capturing(stream)) return result(cudaErrorStreamCaptureUnsupported);
    stream->graph = new EmulatorGraph;
    captures++;
    return result(cudaSuccess);
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph) {
    if (!is_capturing(stream)) return result(cudaErrorInvalidValue);
    *graph = stream->graph;
    stream->graph = nullptr;
    captures--;
    return result(cudaSuccess);
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status) {
    *status = is_capturing(stream) ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
    return result(cudaSuccess);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long) {
    *exec = new EmulatorGraphExec{ graph->nodes };
    return result(cudaSuccess);
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
    calls.launches++;
    return submit(stream, [exec] {
        cudaError_t error = result(cudaSuccess);
        for (size_t i = 0; i < exec->nodes.size() && error == cudaSuccess; i++)
            error = exec->nodes[i]();
        return error;
    });
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete graph;
    return result(cudaSuccess);
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
    delete exec;
    return result(cudaSuccess);
}
