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

// kept: halves [N,2F], then after [N,F]
static size_t glu_kept(const Config *config, int N) { return 3 * (size_t)N * config->F; }
static size_t glu_scratch(const Config *config, int N, int threads) {
    (void)threads;
    return 3 * (size_t)N * config->F; // dhalves and dafter
}

// Written so that NaN, which loses every comparison, stays NaN.
static float clamp_gate(float g) { return g > GLU_LIMIT ? GLU_LIMIT : g; }
static float clamp_value(float u) {
    u = u > GLU_LIMIT ? GLU_LIMIT : u;
    return u < -GLU_LIMIT ? -GLU_LIMIT : u;
}

// One row: after [F] from the halves g [F] and u [F], bias [2F].
static void gate_row(float *restrict after, const float *restrict g, const float *restrict u,
                     const float *restrict bias, int F) {
#pragma omp simd
    for (int f = 0; f < F; f++) {
        float gate = clamp_gate(g[f] + bias[f]);
        after[f] = gate * sigmoid(GLU_SLOPE * gate) * (clamp_value(u[f] + bias[F + f]) + 1.0f);
    }
}

// A clamped side passes no gradient.
static void gate_row_backward(float *restrict dg, float *restrict du, const float *restrict dafter,
                              const float *restrict g, const float *restrict u, const float *restrict bias, int F) {
#pragma omp simd
    for (int f = 0; f < F; f++) {
        float before = g[f] + bias[f], above = u[f] + bias[F + f];
        float gate = clamp_gate(before), value = clamp_value(above), s = sigmoid(GLU_SLOPE * gate);
        float slope = s * (1.0f + GLU_SLOPE * gate * (1.0f - s));
        dg[f] = before > GLU_LIMIT ? 0.0f : dafter[f] * slope * (value + 1.0f);
        du[f] = above > GLU_LIMIT || above < -GLU_LIMIT ? 0.0f : dafter[f] * gate * s;
    }
}

static int expert_of(const Glus *glus, int row) {
    int e = 0;
    while (row >= glus->first[e + 1]) e++;
    return e;
}

// sums [E,width] = the column sums of each expert's rows [R,width]; a thread owns its columns, so the order of the
// additions is fixed.
static void column_sums(float *sums, const float *rows, int width, const Glus *glus) {
    enum { COLUMNS = 64 };
    int blocks = (width + COLUMNS - 1) / COLUMNS;
#pragma omp parallel for
    for (int task = 0; task < glus->E * blocks; task++) {
        int e = task / blocks, d0 = task % blocks * COLUMNS, columns = width - d0 < COLUMNS ? width - d0 : COLUMNS;
        float *sum = sums + (size_t)e * width + d0;
        memset(sum, 0, (size_t)columns * sizeof *sum);
        for (int r = glus->first[e]; r < glus->first[e + 1]; r++) {
            add_row(sum, 1.0f, rows + (size_t)r * width + d0, columns);
        }
    }
}

// The products of one linear layer [in,out] of every expert, on its rows: y = x w, dx = dy w^T, dw = x^T dy.
typedef struct {
    const Glus *glus;
    float *c;
    const float *a, *b;
    int in, out;
} Linears;

static Product forward_product(const void *context, int e) {
    const Linears *l = context;
    size_t row = (size_t)l->glus->first[e], in = (size_t)l->in, out = (size_t)l->out;
    return (Product){ .c = l->c + row * out,
                      .a = l->a + row * in,
                      .b = l->b + (size_t)e * in * out,
                      .ldc = l->out,
                      .lda = l->in,
                      .ldb = l->out,
                      .op_a = PLAIN,
                      .op_b = PLAIN,
                      .M = l->glus->first[e + 1] - l->glus->first[e],
                      .N = l->out,
                      .K = l->in };
}

static Product input_product(const void *context, int e) {
    const Linears *l = context;
    size_t row = (size_t)l->glus->first[e], in = (size_t)l->in, out = (size_t)l->out;
    return (Product){ .c = l->c + row * in,
                      .a = l->a + row * out,
                      .b = l->b + (size_t)e * in * out,
                      .ldc = l->in,
                      .lda = l->out,
                      .ldb = l->out,
                      .op_a = PLAIN,
                      .op_b = TRANSPOSED,
                      .M = l->glus->first[e + 1] - l->glus->first[e],
                      .N = l->in,
                      .K = l->out };
}

static Product weight_product(const void *context, int e) {
    const Linears *l = context;
    size_t row = (size_t)l->glus->first[e], in = (size_t)l->in, out = (size_t)l->out;
    return (Product){ .c = l->c + (size_t)e * in * out,
                      .a = l->a + row * in,
                      .b = l->b + row * out,
                      .ldc = l->out,
                      .lda = l->in,
                      .ldb = l->out,
                      .op_a = TRANSPOSED,
                      .op_b = PLAIN,
                      .M = l->in,
                      .N = l->out,
                      .K = l->glus->first[e + 1] - l->glus->first[e] };
}

static void linears_forward(float *y, const float *x, const float *w, const Glus *glus, int in, int out) {
    matmul_each(forward_product, &(Linears){ glus, y, x, w, in, out }, glus->E);
}

static void linears_input_gradient(float *dx, const float *dy, const float *w, const Glus *glus, int in, int out) {
    matmul_each(input_product, &(Linears){ glus, dx, dy, w, in, out }, glus->E);
}

static void linears_weight_gradient(float *dw, const float *x, const float *dy, const Glus *glus, int in, int out) {
    matmul_each(weight_product, &(Linears){ glus, dw, x, dy, in, out }, glus->E);
}

void glus_forward(float *y, float *halves, float *after, const float *x, const Glus *glus) {
    int D = glus->D, F = glus->F, R = glus->first[glus->E];
    linears_forward(halves, x, glus->up, glus, D, 2 * F);
#pragma omp parallel for
    for (int r = 0; r < R; r++) {
        const float *row = halves + (size_t)r * 2 * F, *bias = glus->up_bias + (size_t)expert_of(glus, r) * 2 * F;
        gate_row(after + (size_t)r * F, row, row + F, bias, F);
    }
    linears_forward(y, after, glus->down, glus, F, D);
#pragma omp parallel for
    for (int r = 0; r < R; r++) {
        add_row(y + (size_t)r * D, 1.0f, glus->down_bias + (size_t)expert_of(glus, r) * D, D);
    }
}

void glus_backward(float *dx, const GluGradients *gradients, float *dhalves, float *dafter, const float *dy,
                   const float *x, const float *halves, const float *after, const Glus *glus) {
    int D = glus->D, F = glus->F, R = glus->first[glus->E];
    linears_weight_gradient(gradients->down, after, dy, glus, F, D);
    column_sums(gradients->down_bias, dy, D, glus);
    linears_input_gradient(dafter, dy, glus->down, glus, F, D);
#pragma omp parallel for
    for (int r = 0; r < R; r++) {
        const float *row = halves + (size_t)r * 2 * F, *bias = glus->up_bias + (size_t)expert_of(glus, r) * 2 * F;
        float *drow = dhalves + (size_t)r * 2 * F;
        gate_row_backward(drow, drow + F, dafter + (size_t)r * F, row, row + F, bias, F);
    }
    linears_weight_gradient(gradients->up, x, dhalves, glus, D, 2 * F);
    column_sums(gradients->up_bias, dhalves, 2 * F, glus);
    linears_input_gradient(dx, dhalves, glus->up, glus, D, 2 * F);
}

// All tokens are the rows of the one there is.
static Glus glu_of(const FfnCall *call, const int32_t first[2]) {
    return (Glus){ .E = 1,
                   .D = call->config->D,
                   .F = call->config->F,
                   .first = first,
                   .up = ffn_parameter(call, UP),
                   .up_bias = ffn_parameter(call, UP_BIAS),
                   .down = ffn_parameter(call, DOWN),
                   .down_bias = ffn_parameter(call, DOWN_BIAS) };
}

static void glu_forward(const FfnCall *call) {
    int32_t first[2] = { 0, call->B * call->T };
    Glus glu = glu_of(call, first);
    glus_forward(call->y, call->kept, call->kept + 2 * (size_t)first[1] * glu.F, call->x, &glu);
}

static void glu_backward(const FfnCall *call) {
    int32_t first[2] = { 0, call->B * call->T };
    Glus glu = glu_of(call, first);
    size_t behind = 2 * (size_t)first[1] * glu.F;
    GluGradients gradients = { ffn_gradient(call, UP), ffn_gradient(call, UP_BIAS), ffn_gradient(call, DOWN),
                               ffn_gradient(call, DOWN_BIAS) };
    glus_backward(call->dx, &gradients, call->scratch, call->scratch + behind, call->dy, call->x, call->kept,
                  call->kept + behind, &glu);
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
