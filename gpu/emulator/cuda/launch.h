// Kernel launches. rewrite.c turns kernel<<<grid, block, bytes, stream>>>(...) into
// EMULATOR_LAUNCHER(...)(...).
#pragma once
#include "runtime.h"
#include <tuple>
#include <type_traits>

namespace emulator {

// Checks the configuration, runs the grid, and leaves an error for cudaGetLastError.
// While the stream captures it only records them, with a copy of the arguments.
void run_launch(const char *kernel, Site site, dim3 grid, dim3 block, size_t shared_bytes,
                cudaStream_t stream, void (*entry)(const void *), const void *arguments,
                size_t argument_bytes);

// The arguments are evaluated and copied once; every thread of the grid calls the kernel with them.
template <class Kernel> struct Launcher {
    const char *name;
    Site site;
    dim3 grid, block;
    size_t shared_bytes;
    cudaStream_t stream;
    Kernel kernel;

    template <class... Arguments> void operator()(const Arguments &...arguments) const {
        using Call = std::pair<Kernel, std::tuple<std::decay_t<const Arguments>...>>;
        Call call{ kernel, { arguments... } };
        auto entry = [](const void *data) {
            const Call *c = static_cast<const Call *>(data);
            std::apply(c->first, c->second);
        };
        run_launch(name, site, grid, block, shared_bytes, stream, entry, &call, sizeof call);
    }
};

template <class Kernel>
Launcher<Kernel> launcher(const char *name, Site site, Kernel kernel, dim3 grid, dim3 block,
                          size_t shared_bytes = 0, cudaStream_t stream = nullptr) {
    return { name, site, grid, block, shared_bytes, stream, kernel };
}

} // namespace emulator

// kernel: a name, in parentheses where it has commas: (kernel<float, 4>)
#define EMULATOR_LAUNCHER(kernel, ...)                 \
    emulator::launcher(                                \
        #kernel, emulator::Site{ __FILE__, __LINE__ }, \
        [=](const auto &...emulator_arguments) { kernel(emulator_arguments...); }, __VA_ARGS__)
#define LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
    EMULATOR_LAUNCHER(kernel, grid, block, shared_bytes, stream)(__VA_ARGS__)
