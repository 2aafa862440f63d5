// [g, u] = x up + up_bias, clamped; y = (g·sigmoid(1.702 g)·(u + 1)) down + down_bias. Oracle:
// reference/ffn/glu.c
#include "ffn.cuh"
#include "glu.cuh"
#include "gpu/07_language_model/column_sums.cuh"

enum { UP, UP_BIAS, DOWN, DOWN_BIAS };

// saved: gate_up [N,2F], then hidden [N,F]; scratch: their gradients, and for column sums
static size_t glu_saved(const Config *config, int N) { return 3 * (size_t)N * config->F; }
static size_t glu_scratch(const Config *config, int N) {
    int F = config->F, D = config->D;
    return glu_saved(config, N) + column_sums_scratch(2 * F > D ? 2 * F : D);
}

static void glu_forward(const LayerCall *call) {
    int N = call->B * call->T, D = call->config->D, F = call->config->F;
    size_t count = (size_t)N * F, outputs = (size_t)N * D;
    const Gpu *gpu = call->gpu;
    GluRows rows = { (size_t)N, NULL, NULL };
    float *gate_up = call->saved, *hidden = gate_up + 2 * count;
    linear_forward(gpu, gate_up, call->x, ffn_parameter(call, UP), N, D, 2 * F);
    LAUNCH(gate_kernel, blocks_of(count), BLOCK_THREADS, 0, gpu->stream, hidden, gate_up,
           ffn_parameter(call, UP_BIAS), rows, F);
    CHECK(launch_error());
    linear_forward(gpu, call->y, hidden, ffn_parameter(call, DOWN), N, F, D);
    LAUNCH(add_bias_kernel, blocks_of(outputs), BLOCK_THREADS, 0, gpu->stream, call->y,
           ffn_parameter(call, DOWN_BIAS), rows, D);
    CHECK(launch_error());
}

static void glu_backward(const LayerCall *call) {
    int N = call->B * call->T, D = call->config->D, F = call->config->F;
    size_t count = (size_t)N * F;
    const Gpu *gpu = call->gpu;
    GluRows rows = { (size_t)N, NULL, NULL };
    const float *gate_up = call->saved, *hidden = gate_up + 2 * count;
    float *dgate_up = call->scratch, *dhidden = dgate_up + 2 * count, *partial = dhidden + count;
    linear_weight_gradient(gpu, ffn_gradient(call, DOWN), hidden, call->dy, N, F, D);
    CHECK(column_sums(ffn_gradient(call, DOWN_BIAS), TableTerm{ call->dy, D }, N, D, partial,
                      gpu->stream));
    linear_input_gradient(gpu, dhidden, call->dy, ffn_parameter(call, DOWN), N, F, D, false);
    LAUNCH(gate_backward_kernel, blocks_of(count), BLOCK_THREADS, 0, gpu->stream, dgate_up, dhidden,
           gate_up, ffn_parameter(call, UP_BIAS), rows, F);
    CHECK(launch_error());
    linear_weight_gradient(gpu, ffn_gradient(call, UP), call->x, dgate_up, N, D, 2 * F);
    CHECK(column_sums(ffn_gradient(call, UP_BIAS), TableTerm{ dgate_up, 2 * F }, N, 2 * F, partial,
                      gpu->stream));
    linear_input_gradient(gpu, call->dx, dgate_up, ffn_parameter(call, UP), N, D, 2 * F, false);
}

const DeviceFfn glu_device_ffn = { "glu",       NULL,         glu_saved, glu_scratch,
                                   glu_forward, glu_backward, NULL,      NULL };
