#include "reference/ffn/glu.h"
#include "reference/config/scales.h"
#include "reference/ffn/ffn.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/vector.h"
#include <stdio.h>

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

// saved: halves [N,2F], then after [N,F]
static size_t glu_saved(const Config *config, int N) { return 3 * (size_t)N * config->F; }
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
                              const float *restrict g, const float *restrict u,
                              const float *restrict bias, int F) {
#pragma omp simd
    for (int f = 0; f < F; f++) {
        float before = g[f] + bias[f], above = u[f] + bias[F + f];
        float gate = clamp_gate(before), value = clamp_value(above), s = sigmoid(GLU_SLOPE * gate);
        float slope = s * (1.0f + GLU_SLOPE * gate * (1.0f - s));
        dg[f] = before > GLU_LIMIT ? 0.0f : dafter[f] * slope * (value + 1.0f);
        du[f] = above > GLU_LIMIT || above < -GLU_LIMIT ? 0.0f : dafter[f] * gate * s;
    }
}

// ---- E of them on R rows. The sizes decide how the rows are split, never the number of threads.

// Some rows of one expert: a thread takes them through both products, so that what lies between is
// still in the cache.
typedef struct {
    int expert, first, count;
} Block;

enum { ROWS_LEAST = 32, ROWS_MOST = 512, BLOCKS_WANTED = 8, SLICES_WANTED = 16, SLICE_LEAST = 32 };

static int block_rows(const Glus *glus) {
    int rows = glus->first[glus->E] / BLOCKS_WANTED;
    return min_int(max_int(rows, ROWS_LEAST), ROWS_MOST);
}

static int blocks_of(const Glus *glus, int e, int rows) {
    return (glus->first[e + 1] - glus->first[e] + rows - 1) / rows;
}

static int count_blocks(const Glus *glus, int rows) {
    int count = 0;
    for (int e = 0; e < glus->E; e++) count += blocks_of(glus, e, rows);
    return count;
}

// An expert's blocks are equally large, but for one row.
static Block block_at(const Glus *glus, int rows, int i) {
    int e = 0;
    for (int count; i >= (count = blocks_of(glus, e, rows)); e++) i -= count;
    int begin = glus->first[e], own = glus->first[e + 1] - begin, count = blocks_of(glus, e, rows);
    int from = (int)((int64_t)own * i / count), to = (int)((int64_t)own * (i + 1) / count);
    return (Block){ e, begin + from, to - from };
}

static void block_forward(float *y, float *halves, float *after, const float *x, const Glus *glus,
                          Block block) {
    int D = glus->D, F = glus->F, count = block.count;
    size_t row = (size_t)block.first, e = (size_t)block.expert;
    x += row * D, y += row * D, halves += row * 2 * F, after += row * F;
    const float *bias = glus->up_bias + e * 2 * F;
    matmul_serial(halves, 2 * F, matrix(x, count, D), matrix(glus->up + e * D * 2 * F, D, 2 * F),
                  1.0f, false);
    for (int r = 0; r < count; r++) {
        const float *g = halves + (size_t)r * 2 * F;
        gate_row(after + (size_t)r * F, g, g + F, bias, F);
    }
    matmul_serial(y, D, matrix(after, count, F), matrix(glus->down + e * F * D, F, D), 1.0f, false);
    for (int r = 0; r < count; r++) add_row(y + (size_t)r * D, 1.0f, glus->down_bias + e * D, D);
}

void glus_forward(float *y, float *halves, float *after, const float *x, const Glus *glus) {
    int rows = block_rows(glus), blocks = count_blocks(glus, rows);
#pragma omp parallel for schedule(dynamic) if (blocks > 1)
    for (int i = 0; i < blocks; i++)
        block_forward(y, halves, after, x, glus, block_at(glus, rows, i));
}

static void block_backward(float *dx, float *dhalves, float *dafter, const float *dy,
                           const float *halves, const Glus *glus, Block block) {
    int D = glus->D, F = glus->F, count = block.count;
    size_t row = (size_t)block.first, e = (size_t)block.expert;
    dx += row * D, dy += row * D, halves += row * 2 * F, dhalves += row * 2 * F, dafter += row * F;
    const float *bias = glus->up_bias + e * 2 * F;
    matmul_serial(dafter, F, matrix(dy, count, D), transpose(matrix(glus->down + e * F * D, F, D)),
                  1.0f, false);
    for (int r = 0; r < count; r++) {
        const float *g = halves + (size_t)r * 2 * F;
        float *dg = dhalves + (size_t)r * 2 * F;
        gate_row_backward(dg, dg + F, dafter + (size_t)r * F, g, g + F, bias, F);
    }
    matmul_serial(dx, D, matrix(dhalves, count, 2 * F),
                  transpose(matrix(glus->up + e * D * 2 * F, D, 2 * F)), 1.0f, false);
}

// sum [width] = the columns' sums of `count` rows
static void column_sums(float *sum, const float *rows, int stride, int count, int width) {
    memset(sum, 0, (size_t)width * sizeof *sum);
    for (int r = 0; r < count; r++) add_row(sum, 1.0f, rows + (size_t)r * stride, width);
}

// The gradients of neurons f .. f+width-1 of an expert: sums over all its rows, in one thread.
static void slice_gradients(const GluGradients *out, const float *dhalves, const float *dy,
                            const float *x, const float *after, const Glus *glus, int expert, int f,
                            int width) {
    int D = glus->D, F = glus->F, count = glus->first[expert + 1] - glus->first[expert];
    size_t row = (size_t)glus->first[expert], e = (size_t)expert;
    x += row * D, dy += row * D, after += row * F, dhalves += row * 2 * F;
    for (int half = f; half < 2 * F; half += F) {
        matmul_serial(out->up + e * D * 2 * F + half, 2 * F, transpose(matrix(x, count, D)),
                      strided(dhalves + half, count, width, 2 * F), 1.0f, false);
        column_sums(out->up_bias + e * 2 * F + half, dhalves + half, 2 * F, count, width);
    }
    matmul_serial(out->down + (e * F + f) * D, D, transpose(strided(after + f, count, width, F)),
                  matrix(dy, count, D), 1.0f, false);
    if (f == 0) column_sums(out->down_bias + e * D, dy, D, count, D);
}

static int slice_width(const Glus *glus) {
    int slices = (SLICES_WANTED + glus->E - 1) / glus->E, width = (glus->F + slices - 1) / slices;
    return max_int(width, SLICE_LEAST);
}

void glus_backward(float *dx, const GluGradients *gradients, float *dhalves, float *dafter,
                   const float *dy, const float *x, const float *halves, const float *after,
                   const Glus *glus) {
    int rows = block_rows(glus), blocks = count_blocks(glus, rows), F = glus->F;
#pragma omp parallel for schedule(dynamic) if (blocks > 1)
    for (int i = 0; i < blocks; i++)
        block_backward(dx, dhalves, dafter, dy, halves, glus, block_at(glus, rows, i));

    int width = slice_width(glus), slices = (F + width - 1) / width;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < glus->E * slices; i++) {
        int f = i % slices * width;
        slice_gradients(gradients, dhalves, dy, x, after, glus, i / slices, f,
                        min_int(F - f, width));
    }
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
    glus_forward(call->y, call->saved, call->saved + 2 * (size_t)first[1] * glu.F, call->x, &glu);
}

static void glu_backward(const FfnCall *call) {
    int32_t first[2] = { 0, call->B * call->T };
    Glus glu = glu_of(call, first);
    size_t behind = 2 * (size_t)first[1] * glu.F;
    GluGradients gradients = { ffn_gradient(call, UP), ffn_gradient(call, UP_BIAS),
                               ffn_gradient(call, DOWN), ffn_gradient(call, DOWN_BIAS) };
    glus_backward(call->dx, &gradients, call->scratch, call->scratch + behind, call->dy, call->x,
                  call->saved, call->saved + behind, &glu);
}

static Cost glu_cost(const Config *config, int T) {
    double D = config->D, F = config->F, parameters = 3 * D * F + 2 * F + D;
    return (Cost){ .parameters = parameters,
                   .active_parameters = parameters,
                   .flops = 6.0 * T * D * F,
                   .bytes = 4.0 * parameters };
}

static void glu_scale(char out[SCALE_SETTINGS_SIZE], int s, int divisor) {
    snprintf(out, SCALE_SETTINGS_SIZE, "F=%d", scale_dense_F(s, divisor));
}

const Ffn glu_ffn = { .kind = { .name = "glu",
                                .summary = "dense, gated: (g·sigmoid(1.702 g)·(u + 1)) down",
                                .settings = "F",
                                .presets = { { "tiny", "F=48" },
                                             { "demo", "F=512" },
                                             { "laptop", "F=512" },
                                             { "tinystories", "F=1024" } },
                                .scale = glu_scale },
                      .declare = glu_declare,
                      .saved = glu_saved,
                      .scratch = glu_scratch,
                      .forward = glu_forward,
                      .backward = glu_backward,
                      .cost = glu_cost };
