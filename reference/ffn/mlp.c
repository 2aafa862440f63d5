#include "reference/config/scales.h"
#include "reference/ffn/activations.h"
#include "reference/ffn/ffn.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/memory.h"
#include <stdio.h>

// y = gelu(x up) down, no biases (chapter 01).          up [D,F], down [F,D]
enum { UP, DOWN };

static void mlp_declare(Tensors *tensors, const Config *config, const char *prefix) {
    int D = config->D, F = config->F;
    tensors_add(tensors, prefix, "up", INIT_LECUN, D, true, 2, (int[]){ D, F });
    tensors_add(tensors, prefix, "down", INIT_LECUN, F, true, 2, (int[]){ F, D });
}

// saved: preactivation and hidden, [N,F] each
static size_t mlp_saved(const Config *config, int N) { return 2 * (size_t)N * config->F; }
static size_t mlp_scratch(const Config *config, int N, int threads) {
    (void)threads;
    return (size_t)N * config->F; // dhidden
}

// One token, [F] each.
static void gelu_row(float *restrict hidden, const float *restrict preactivation, int F) {
#pragma omp simd
    for (int f = 0; f < F; f++) hidden[f] = gelu(preactivation[f]);
}

// On entry d is the gradient of hidden, on return that of preactivation.
static void gelu_row_backward(float *restrict d, const float *restrict preactivation, int F) {
#pragma omp simd
    for (int f = 0; f < F; f++) d[f] *= gelu_derivative(preactivation[f]);
}

static void mlp_forward(const FfnCall *call) {
    int N = call->B * call->T, D = call->config->D, F = call->config->F;
    float *preactivation = call->saved, *hidden = preactivation + (size_t)N * F;
    linear_forward(preactivation, call->x, ffn_parameter(call, UP), N, D, F);
    if (N == 1) {
        gelu_row(hidden, preactivation, F);
    } else {
#pragma omp parallel for
        for (int t = 0; t < N; t++)
            gelu_row(hidden + (size_t)t * F, preactivation + (size_t)t * F, F);
    }
    linear_forward(call->y, hidden, ffn_parameter(call, DOWN), N, F, D);
}

static void mlp_backward(const FfnCall *call) {
    int N = call->B * call->T, D = call->config->D, F = call->config->F;
    const float *preactivation = call->saved, *hidden = preactivation + (size_t)N * F;
    float *dhidden = call->scratch; // [N,F]
    linear_weight_gradient(ffn_gradient(call, DOWN), hidden, call->dy, N, F, D);
    linear_input_gradient(dhidden, call->dy, ffn_parameter(call, DOWN), N, F, D, false);
#pragma omp parallel for
    for (int t = 0; t < N; t++)
        gelu_row_backward(dhidden + (size_t)t * F, preactivation + (size_t)t * F, F);
    linear_weight_gradient(ffn_gradient(call, UP), call->x, dhidden, N, D, F);
    linear_input_gradient(call->dx, dhidden, ffn_parameter(call, UP), N, D, F, false);
}

static Cost mlp_cost(const Config *config, int T) {
    double parameters = 2.0 * config->D * config->F;
    return (Cost){ .parameters = parameters,
                   .active_parameters = parameters,
                   .flops = 4.0 * T * config->D * config->F,
                   .bytes = 4.0 * parameters };
}

static void mlp_scale(char out[SCALE_SETTINGS_SIZE], int s, int divisor) {
    snprintf(out, SCALE_SETTINGS_SIZE, "F=%d", scale_dense_F(s, divisor));
}

const Ffn mlp_ffn = { .kind = { .name = "mlp",
                                .summary = "dense: gelu(x up) down",
                                .settings = "F",
                                .presets = { { "tiny", "F=64" },
                                             { "demo", "F=512" },
                                             { "laptop", "F=768" },
                                             { "tinystories", "F=1024" } },
                                .scale = mlp_scale },
                      .declare = mlp_declare,
                      .saved = mlp_saved,
                      .scratch = mlp_scratch,
                      .forward = mlp_forward,
                      .backward = mlp_backward,
                      .cost = mlp_cost };
