// [g, u] = x up + up_bias, clamped; y = (g·sigmoid(1.702 g)·(u + 1)) down + down_bias. Oracle:
// reference/ffn/glu.c
#include "activations.cuh"
#include "ffn.cuh"
#include "gpu/07_language_model/column_sums.cuh"

enum { UP, UP_BIAS, DOWN, DOWN_BIAS };
#define GLU_LIMIT 7.0f
#define GLU_SLOPE 1.702f

// saved: gate_up [N,2F], then hidden [N,F]; scratch: their gradients, and for column sums
static size_t glu_saved(const Config *config, int N) { return 3 * (size_t)N * config->F; }
static size_t glu_scratch(const Config *config, int N) {
    int F = config->F, D = config->D;
    return glu_saved(config, N) + column_sums_scratch(2 * F > D ? 2 * F : D);
}

// The comparisons keep NaN.
static __device__ __forceinline__ float clamp_gate(float gate) {
    return gate > GLU_LIMIT ? GLU_LIMIT : gate;
}
static __device__ __forceinline__ float clamp_up(float up) {
    up = up > GLU_LIMIT ? GLU_LIMIT : up;
    return up < -GLU_LIMIT ? -GLU_LIMIT : up;
}

// hidden (N,F) from gate_up (N,2F), to which bias (2F) is added
static __global__ void gate_kernel(float *hidden, const float *gate_up, const float *bias,
                                   size_t count, int F) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    size_t t = i / F;
    int f = (int)(i % F);
    const float *row = gate_up + t * 2 * F;
    float g = clamp_gate(row[f] + bias[f]), u = clamp_up(row[F + f] + bias[F + f]);
    hidden[i] = g * logistic(GLU_SLOPE * g) * (u + 1.0f);
}

// A clamped value passes no gradient.
static __global__ void gate_backward_kernel(float *dgate_up, const float *dhidden,
                                            const float *gate_up, const float *bias, size_t count,
                                            int F) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    size_t t = i / F;
    int f = (int)(i % F);
    const float *row = gate_up + t * 2 * F;
    float gate = row[f] + bias[f], up = row[F + f] + bias[F + f];
    float g = clamp_gate(gate), u = clamp_up(up), s = logistic(GLU_SLOPE * g);
    float slope = s * (1.0f + GLU_SLOPE * g * (1.0f - s));
    float *drow = dgate_up + t * 2 * F;
    drow[f] = gate > GLU_LIMIT ? 0.0f : dhidden[i] * slope * (u + 1.0f);
    drow[F + f] = up > GLU_LIMIT || up < -GLU_LIMIT ? 0.0f : dhidden[i] * g * s;
}

// y (N,D) += bias (D)
static __global__ void add_bias_kernel(float *y, const float *bias, size_t count, int D) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) y[i] += bias[i % D];
}

static void glu_forward(const LayerCall *call) {
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

static void glu_backward(const LayerCall *call) {
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

const DeviceFfn glu_device_ffn = { "glu",       NULL,         glu_saved, glu_scratch,
                                   glu_forward, glu_backward, NULL,      NULL };
