// [g, u] = x up + up_bias, clamped; y = (g·sigmoid(1.702 g)·(u + 1)) down + down_bias. Oracle:
// reference/ffn/glu.c
#include "ffn.cuh"
#include "gpu/02_mixture_of_experts/backward.cuh"
#include "gpu/07_language_model/column_sums.cuh"

enum { UP, UP_BIAS, DOWN, DOWN_BIAS };

// saved: gate_up [N,2F], then hidden [N,F]; scratch: their gradients, and for column sums
static size_t glu_saved(const Config *config, int N) { return 3 * (size_t)N * config->F; }
static int glu_width(const Config *config) { return 2 * config->F; }
static size_t glu_scratch(const Config *config, int N) {
    int F = config->F, D = config->D;
    return glu_saved(config, N) + column_sums_scratch(2 * F > D ? 2 * F : D);
}

// hidden (N,F) from gate_up (N,2F), to which bias (2F) is added
static __global__ void gate_kernel(float *hidden, const float *gate_up, const float *bias,
                                   size_t count, int F) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    int f = (int)(i % F);
    const float *row = gate_up + i / F * 2 * F;
    hidden[i] = glu(row[f] + bias[f], row[F + f] + bias[F + f]);
}

static __global__ void gate_backward_kernel(float *dgate_up, const float *dhidden,
                                            const float *gate_up, const float *bias, size_t count,
                                            int F) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    int f = (int)(i % F);
    size_t gate = i / F * 2 * F + f, up = gate + F;
    glu_backward(&dgate_up[gate], &dgate_up[up], dhidden[i], gate_up[gate] + bias[f],
                 gate_up[up] + bias[F + f]);
}

// y (N,D) += bias (D)
static __global__ void add_bias_kernel(float *y, const float *bias, size_t count, int D) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) y[i] += bias[i % D];
}

static void forward(const LayerCall *call) {
    int N = call->B * call->T, D = call->config->D, F = call->config->F;
    size_t count = (size_t)N * F, outputs = (size_t)N * D;
    const Gpu *gpu = call->gpu;
    float *gate_up = call->saved, *hidden = gate_up + 2 * count;
    linear_forward(gpu, gate_up, call->x, ffn_parameter(call, UP), N, D, 2 * F);
    LAUNCH(gate_kernel, blocks_of(count), BLOCK_THREADS, 0, gpu->stream, hidden, gate_up,
           ffn_parameter(call, UP_BIAS), count, F);
    CHECK(launch_error());
    linear_forward(gpu, call->y, hidden, ffn_parameter(call, DOWN), N, F, D);
    LAUNCH(add_bias_kernel, blocks_of(outputs), BLOCK_THREADS, 0, gpu->stream, call->y,
           ffn_parameter(call, DOWN_BIAS), outputs, D);
    CHECK(launch_error());
}

static void backward(const LayerCall *call) {
    int N = call->B * call->T, D = call->config->D, F = call->config->F;
    size_t count = (size_t)N * F;
    const Gpu *gpu = call->gpu;
    const float *gate_up = call->saved, *hidden = gate_up + 2 * count;
    float *dgate_up = call->scratch, *dhidden = dgate_up + 2 * count, *partial = dhidden + count;
    linear_weight_gradient(gpu, ffn_gradient(call, DOWN), hidden, call->dy, N, F, D);
    CHECK(column_sums(ffn_gradient(call, DOWN_BIAS), TableTerm{ call->dy, D }, N, D, partial,
                      gpu->stream));
    linear_input_gradient(gpu, dhidden, call->dy, ffn_parameter(call, DOWN), N, F, D, false);
    LAUNCH(gate_backward_kernel, blocks_of(count), BLOCK_THREADS, 0, gpu->stream, dgate_up, dhidden,
           gate_up, ffn_parameter(call, UP_BIAS), count, F);
    CHECK(launch_error());
    linear_weight_gradient(gpu, ffn_gradient(call, UP), call->x, dgate_up, N, D, 2 * F);
    CHECK(column_sums(ffn_gradient(call, UP_BIAS), TableTerm{ dgate_up, 2 * F }, N, 2 * F, partial,
                      gpu->stream));
    linear_input_gradient(gpu, call->dx, dgate_up, ffn_parameter(call, UP), N, D, 2 * F, false);
}

const DeviceFfn glu_device_ffn = { "glu",    NULL, glu_saved, glu_scratch, forward,
                                   backward, NULL, NULL,      glu_width };
