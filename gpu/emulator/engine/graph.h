// What a stream captures, and the calls that the host makes.
#pragma once
#include "runtime.h"
#include <functional>
#include <vector>

namespace emulator {

typedef std::function<cudaError_t()> Work;

// Adds the work to the graph that the stream captures; without one it is done at once.
cudaError_t submit(cudaStream_t stream, const Work &work);
bool is_capturing(cudaStream_t stream);

// Of calls that a stream cannot capture, as they wait or allocate: false while any stream captures.
bool may_wait();

extern EmulatorCalls calls;

} // namespace emulator
