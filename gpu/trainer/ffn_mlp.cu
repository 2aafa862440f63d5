// y = gelu(x up) down. Oracle: reference/ffn/mlp.c
#include "ffn.cuh"
#include "gpu/06_sgatlin/neurons.cuh"

enum { UP, DOWN };

static size_t mlp_saved(const Config *config, int N) { return 2 * (size_t)N * config->F; }
static int mlp_width(const Config *config) { return config->F; }
static size_t mlp_scratch(const Config *config, int N) { return (size_t)N * config->F; }

// hidden = gelu(preactivation), count each
static __global__ void gelu_kernel(float *hidden, const float *preactivation, size_t count) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) hidden[i] = neuron_gelu(preactivation[i]);
}

// On entry d is the gradient of hidden, on return that of preactivation.
static __global__ void gelu_backward_kernel(float *d, const float *preactivation, size_t count) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) d[i] *= neuron_gelu_derivative(preactivation[i]);
}

static void mlp_forward(const LayerCall *call) {
    int N = call->B * call->T, D = call->config->D, F = call->config->F;
    size_t count = (size_t)N * F;
    float *preactivation = call->saved, *hidden = preactivation + count;
    linear_forward(call->gpu, preactivation, call->x, ffn_parameter(call, UP), N, D, F);
    LAUNCH(gelu_kernel, blocks_of(count), BLOCK_THREADS, 0, call->gpu->stream, hidden,
           preactivation, count);
    CHECK(launch_error());
    linear_forward(call->gpu, call->y, hidden, ffn_parameter(call, DOWN), N, F, D);
}

static void mlp_backward(const LayerCall *call) {
    int N = call->B * call->T, D = call->config->D, F = call->config->F;
    size_t count = (size_t)N * F;
    const Gpu *gpu = call->gpu;
    const float *preactivation = call->saved, *hidden = preactivation + count;
    float *dhidden = call->scratch; // [N,F]
    linear_weight_gradient(gpu, ffn_gradient(call, DOWN), hidden, call->dy, N, F, D);
    linear_input_gradient(gpu, dhidden, call->dy, ffn_parameter(call, DOWN), N, F, D, false);
    LAUNCH(gelu_backward_kernel, blocks_of(count), BLOCK_THREADS, 0, gpu->stream, dhidden,
           preactivation, count);
    CHECK(launch_error());
    linear_weight_gradient(gpu, ffn_gradient(call, UP), call->x, dhidden, N, D, F);
    linear_input_gradient(gpu, call->dx, dhidden, ffn_parameter(call, UP), N, D, F, false);
}

const DeviceFfn mlp_device_ffn = { "mlp",        NULL, mlp_saved, mlp_scratch, mlp_forward,
                                   mlp_backward, NULL, NULL,      mlp_width };
