#include "reference/ffn/glu.h"
#include "reference/ffn/ffn.h"
#include "reference/support/matmul.h"
#include "reference/support/vector.h"

// One GLU for all tokens.     up [D,2F], up_bias [2F], down [F,D], down_bias [D]
enum { UP, UP_BIAS, DOWN, DOWN_BIAS };
#define GLU_LIMIT 7.0f
#define GLU_SLOPE 1.702f

static void glu_declare(Tensors *tensors, const Config *config, const char *prefix) {
    int D = config->D, F = config->F;
    tensors_add(tensors, prefix, "up", INIT_LECUN, D, true, 2, (int[]){ D, 2 * F });
    tensors_add(tensors, prefix, "up_bias", INIT_ZERO, 0, false, 1, (int[]){ 2 * F });
    tensors_add(tensors, prefix, "down", INIT_LECUN, F, true, 2, (int[]){ F, D });
    tensors_add(tensors, prefix, "down_bias", INIT_ZERO, 0, false, 1, (int[]){ D });
}

// kept: [g, u] before the clamps [N,2F], then a [N,F]
static size_t glu_kept(const Config *config, int N) { return 3 * (size_t)N * config->F; }
static size_t glu_scratch(const Config *config, int N, int threads) {
    (void)threads;
    return 3 * (size_t)N * config->F; // d[g, u] and da
}

// Written so that NaN, which loses every comparison, stays NaN.
static float clamp_gate(float g) { return g > GLU_LIMIT ? GLU_LIMIT : g; }
static float clamp_value(float u) {
    u = u > GLU_LIMIT ? GLU_LIMIT : u;
    return u < -GLU_LIMIT ? -GLU_LIMIT : u;
}

// One token: a [F] from the halves g [F] and u [F], the bias added to both on the way.
static void gate_row(float *restrict a, float *restrict g, float *restrict u, const float *restrict bias, int F) {
#pragma omp simd
    for (int f = 0; f < F; f++) {
        g[f] += bias[f];
        u[f] += bias[F + f];
        float gate = clamp_gate(g[f]);
        a[f] = gate * sigmoid(GLU_SLOPE * gate) * (clamp_value(u[f]) + 1.0f);
    }
}

// A clamped side passes no gradient.
static void gate_row_backward(float *restrict dg, float *restrict du, const float *restrict da, const float *restrict g,
                              const float *restrict u, int F) {
#pragma omp simd
    for (int f = 0; f < F; f++) {
        float gate = clamp_gate(g[f]), value = clamp_value(u[f]), s = sigmoid(GLU_SLOPE * gate);
        float slope = s * (1.0f + GLU_SLOPE * gate * (1.0f - s));
        dg[f] = g[f] > GLU_LIMIT ? 0.0f : da[f] * slope * (value + 1.0f);
        du[f] = u[f] > GLU_LIMIT || u[f] < -GLU_LIMIT ? 0.0f : da[f] * gate * s;
    }
}

static void add_bias(float *y, const float *bias, int N, int D) {
#pragma omp parallel for
    for (int t = 0; t < N; t++) add_row(y + (size_t)t * D, 1.0f, bias, D);
}

// sum [D] = the column sums of dy [N,D]; a thread owns its columns, so the order of the additions is fixed.
static void column_sums(float *sum, const float *dy, int N, int D) {
    enum { COLUMNS = 64 };
#pragma omp parallel for
    for (int d0 = 0; d0 < D; d0 += COLUMNS) {
        int width = D - d0 < COLUMNS ? D - d0 : COLUMNS;
        for (int d = 0; d < width; d++) sum[d0 + d] = 0.0f;
        for (int t = 0; t < N; t++) add_row(sum + d0, 1.0f, dy + (size_t)t * D + d0, width);
    }
}

void glu_rows_forward(float *y, float *halves, float *after, const float *x, const GluWeights *w, int N, int D, int F) {
    if (N == 0) return;
    linear_forward(halves, x, w->up, N, D, 2 * F);
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        float *row = halves + (size_t)t * 2 * F;
        gate_row(after + (size_t)t * F, row, row + F, w->up_bias, F);
    }
    linear_forward(y, after, w->down, N, F, D);
    add_bias(y, w->down_bias, N, D);
}

static void clear_gradients(const GluGradients *gradients, int D, int F) {
    memset(gradients->up, 0, 2 * (size_t)D * F * sizeof(float));
    memset(gradients->up_bias, 0, 2 * (size_t)F * sizeof(float));
    memset(gradients->down, 0, (size_t)F * D * sizeof(float));
    memset(gradients->down_bias, 0, (size_t)D * sizeof(float));
}

void glu_rows_backward(float *dx, const GluGradients *gradients, float *dhalves, float *dafter, const float *dy,
                       const float *x, const float *halves, const float *after, const GluWeights *w, int N, int D,
                       int F) {
    if (N == 0) {
        clear_gradients(gradients, D, F);
        return;
    }
    linear_weight_gradient(gradients->down, after, dy, N, F, D);
    column_sums(gradients->down_bias, dy, N, D);
    linear_input_gradient(dafter, dy, w->down, N, F, D, false);
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        const float *row = halves + (size_t)t * 2 * F;
        float *drow = dhalves + (size_t)t * 2 * F;
        gate_row_backward(drow, drow + F, dafter + (size_t)t * F, row, row + F, F);
    }
    linear_weight_gradient(gradients->up, x, dhalves, N, D, 2 * F);
    column_sums(gradients->up_bias, dhalves, N, 2 * F);
    linear_input_gradient(dx, dhalves, w->up, N, D, 2 * F, false);
}

static GluWeights glu_weights(const FfnCall *call) {
    return (GluWeights){ ffn_parameter(call, UP), ffn_parameter(call, UP_BIAS), ffn_parameter(call, DOWN),
                         ffn_parameter(call, DOWN_BIAS) };
}

static void glu_forward(const FfnCall *call) {
    int N = call->B * call->T, D = call->config->D, F = call->config->F;
    GluWeights weights = glu_weights(call);
    glu_rows_forward(call->y, call->kept, call->kept + 2 * (size_t)N * F, call->x, &weights, N, D, F);
}

static void glu_backward(const FfnCall *call) {
    int N = call->B * call->T, D = call->config->D, F = call->config->F;
    size_t behind = 2 * (size_t)N * F;
    GluWeights weights = glu_weights(call);
    GluGradients gradients = { ffn_gradient(call, UP), ffn_gradient(call, UP_BIAS), ffn_gradient(call, DOWN),
                               ffn_gradient(call, DOWN_BIAS) };
    glu_rows_backward(call->dx, &gradients, call->scratch, call->scratch + behind, call->dy, call->x, call->kept,
                      call->kept + behind, &weights, N, D, F);
}

static Cost glu_cost(const Config *config, int T) {
    double D = config->D, F = config->F, parameters = 3 * D * F + 2 * F + D;
    return (Cost){
        .parameters = parameters, .active_parameters = parameters, .flops = 6.0 * T * D * F, .bytes = 4.0 * parameters
    };
}

const Ffn glu_ffn = { .name = "glu",
                      .summary = "dense, gated: (g·sigmoid(1.702 g)·(u + 1)) down",
                      .letters = "F",
                      .valid = ffn_any_sizes,
                      .declare = glu_declare,
                      .kept = glu_kept,
                      .scratch = glu_scratch,
                      .forward = glu_forward,
                      .backward = glu_backward,
                      .cost = glu_cost };
