#include "reference/ffn/glu.h"
#include "reference/config/scales.h"
#include "reference/ffn/ffn.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/row_product.h"
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

static size_t glu_saved(const Config *config, int N) { return 3 * (size_t)N * config->F; }
static size_t glu_scratch(const Config *config, int N, int threads) {
    (void)threads;
    return 3 * (size_t)N * config->F;
}

// saved and scratch alike: gate_up [N,2F], then hidden [N,F].
static GluActivations activations_in(float *block, int N, int F) {
    return (GluActivations){ .gate_up = block, .hidden = block + 2 * (size_t)N * F };
}

// ---- one token

// The comparisons keep NaN.
static float clamp_gate(float gate) { return gate > GLU_LIMIT ? GLU_LIMIT : gate; }
static float clamp_up(float up) {
    up = up > GLU_LIMIT ? GLU_LIMIT : up;
    return up < -GLU_LIMIT ? -GLU_LIMIT : up;
}

// hidden [F] from gate and up [F], bias [2F].
static void gate_row(float *restrict hidden, const float *restrict gate, const float *restrict up,
                     const float *restrict bias, int F) {
#pragma omp simd
    for (int f = 0; f < F; f++) {
        float g = clamp_gate(gate[f] + bias[f]);
        hidden[f] = g * sigmoid(GLU_SLOPE * g) * (clamp_up(up[f] + bias[F + f]) + 1.0f);
    }
}

// A clamped value passes no gradient.
static void gate_row_backward(float *restrict dgate, float *restrict dup,
                              const float *restrict dhidden, const float *restrict gate,
                              const float *restrict up, const float *restrict bias, int F) {
#pragma omp simd
    for (int f = 0; f < F; f++) {
        float gate_in = gate[f] + bias[f], up_in = up[f] + bias[F + f];
        float g = clamp_gate(gate_in), u = clamp_up(up_in), s = sigmoid(GLU_SLOPE * g);
        float slope = s * (1.0f + GLU_SLOPE * g * (1.0f - s));
        dgate[f] = gate_in > GLU_LIMIT ? 0.0f : dhidden[f] * slope * (u + 1.0f);
        dup[f] = up_in > GLU_LIMIT || up_in < -GLU_LIMIT ? 0.0f : dhidden[f] * g * s;
    }
}

// ---- E experts on R rows. Work is divided by the sizes alone, never by the number of threads.

// Rows of one expert that a thread takes through both products, while what lies between them is
// still in the cache.
typedef struct {
    int expert, first, count;
} Block;

enum { MIN_ROWS = 32, MAX_ROWS = 512, BLOCKS = 8, SLICES = 8, MIN_SLICE = 32 };

static int block_rows(const Glus *glus) {
    int rows = glus->first[glus->E] / BLOCKS;
    return min_int(max_int(rows, MIN_ROWS), MAX_ROWS);
}

static int blocks_of(const Glus *glus, int e, int rows) {
    return (glus->first[e + 1] - glus->first[e] + rows - 1) / rows;
}

static int count_blocks(const Glus *glus, int rows) {
    int count = 0;
    for (int e = 0; e < glus->E; e++) count += blocks_of(glus, e, rows);
    return count;
}

// Block i of all. The sizes of an expert's blocks differ by at most one row.
static Block block_at(const Glus *glus, int rows, int i) {
    int e = 0;
    while (i >= blocks_of(glus, e, rows)) {
        i -= blocks_of(glus, e, rows);
        e++;
    }
    int first = glus->first[e], all = glus->first[e + 1] - first, count = blocks_of(glus, e, rows);
    int from = (int)((int64_t)all * i / count), to = (int)((int64_t)all * (i + 1) / count);
    return (Block){ e, first + from, to - from };
}

// up [D,2F] and down [F,D] of an expert.
static Matrix up_of(const Glus *glus, int e) {
    return matrix(glus->up + (size_t)e * glus->D * 2 * glus->F, glus->D, 2 * glus->F);
}
static Matrix down_of(const Glus *glus, int e) {
    return matrix(glus->down + (size_t)e * glus->F * glus->D, glus->F, glus->D);
}

static void block_forward(float *y, const GluActivations *saved, const float *x, const Glus *glus,
                          Block block) {
    int D = glus->D, F = glus->F, count = block.count;
    size_t row = (size_t)block.first, e = (size_t)block.expert;
    float *gate_up = saved->gate_up + row * 2 * F, *hidden = saved->hidden + row * F;
    matmul_serial(gate_up, 2 * F, matrix(x + row * D, count, D), up_of(glus, block.expert), 1.0f,
                  false);
    for (int r = 0; r < count; r++) {
        const float *gate = gate_up + (size_t)r * 2 * F;
        gate_row(hidden + (size_t)r * F, gate, gate + F, glus->up_bias + e * 2 * F, F);
    }
    y += row * D;
    matmul_serial(y, D, matrix(hidden, count, F), down_of(glus, block.expert), 1.0f, false);
    for (int r = 0; r < count; r++) add_row(y + (size_t)r * D, 1.0f, glus->down_bias + e * D, D);
}

void glus_forward(float *y, const GluActivations *saved, const float *x, const Glus *glus) {
    int rows = block_rows(glus), blocks = count_blocks(glus, rows);
    int R = glus->first[glus->E];
    bool much = R >= MIN_ROWS || 3.0 * R * glus->D * glus->F >= MIN_ROW_WORK; // for threads
    if (!much) {
        for (int i = 0; i < blocks; i++) block_forward(y, saved, x, glus, block_at(glus, rows, i));
        return;
    }
#pragma omp parallel for schedule(dynamic) if (blocks > 1)
    for (int i = 0; i < blocks; i++) block_forward(y, saved, x, glus, block_at(glus, rows, i));
}

static void block_backward(float *dx, const GluActivations *d, const float *dy,
                           const GluActivations *saved, const Glus *glus, Block block) {
    int D = glus->D, F = glus->F, count = block.count;
    size_t row = (size_t)block.first;
    const float *bias = glus->up_bias + (size_t)block.expert * 2 * F;
    float *dgate_up = d->gate_up + row * 2 * F, *dhidden = d->hidden + row * F;
    matmul_serial(dhidden, F, matrix(dy + row * D, count, D),
                  transpose(down_of(glus, block.expert)), 1.0f, false);
    for (int r = 0; r < count; r++) {
        const float *gate = saved->gate_up + (row + (size_t)r) * 2 * F;
        float *dgate = dgate_up + (size_t)r * 2 * F;
        gate_row_backward(dgate, dgate + F, dhidden + (size_t)r * F, gate, gate + F, bias, F);
    }
    matmul_serial(dx + row * D, D, matrix(dgate_up, count, 2 * F),
                  transpose(up_of(glus, block.expert)), 1.0f, false);
}

// sum [width] = the sums of the columns of `count` rows
static void column_sums(float *sum, const float *rows, int stride, int count, int width) {
    memset(sum, 0, (size_t)width * sizeof *sum);
    for (int r = 0; r < count; r++) add_row(sum, 1.0f, rows + (size_t)r * stride, width);
}

// Hidden neurons first .. first+width-1 of an expert.
typedef struct {
    int expert, first, width;
} Slice;

// The gradients of a slice: sums over all rows of the expert, in one thread.
static void slice_gradients(const GluGradients *out, const GluActivations *d, const float *dy,
                            const float *x, const GluActivations *saved, const Glus *glus,
                            Slice slice) {
    int D = glus->D, F = glus->F, width = slice.width,
        count = glus->first[slice.expert + 1] - glus->first[slice.expert];
    size_t row = (size_t)glus->first[slice.expert], e = (size_t)slice.expert;
    const float *dgate_up = d->gate_up + row * 2 * F;
    Matrix xs = matrix(x + row * D, count, D), dys = matrix(dy + row * D, count, D);
    for (int column = slice.first; column < 2 * F; column += F) { // gate half, up half
        matmul_serial(out->up + e * D * 2 * F + column, 2 * F, transpose(xs),
                      strided(dgate_up + column, count, width, 2 * F), 1.0f, false);
        column_sums(out->up_bias + e * 2 * F + column, dgate_up + column, 2 * F, count, width);
    }
    Matrix hidden = strided(saved->hidden + row * F + slice.first, count, width, F);
    matmul_serial(out->down + (e * F + slice.first) * D, D, transpose(hidden), dys, 1.0f, false);
    if (slice.first == 0) column_sums(out->down_bias + e * D, dys.data, D, count, D);
}

static int slice_width(const Glus *glus) {
    int slices = (SLICES + glus->E - 1) / glus->E, width = (glus->F + slices - 1) / slices;
    return max_int(width, MIN_SLICE);
}

void glus_backward(float *dx, const GluGradients *gradients, const GluActivations *d,
                   const float *dy, const float *x, const GluActivations *saved, const Glus *glus) {
    int rows = block_rows(glus), blocks = count_blocks(glus, rows), F = glus->F;
#pragma omp parallel for schedule(dynamic) if (blocks > 1)
    for (int i = 0; i < blocks; i++)
        block_backward(dx, d, dy, saved, glus, block_at(glus, rows, i));

    int width = slice_width(glus), slices = (F + width - 1) / width;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < glus->E * slices; i++) {
        int first = i % slices * width;
        Slice slice = { i / slices, first, min_int(F - first, width) };
        slice_gradients(gradients, d, dy, x, saved, glus, slice);
    }
}

// ---- the layer: one GLU, whose rows are all tokens

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
    GluActivations saved = activations_in(call->saved, first[1], glu.F);
    glus_forward(call->y, &saved, call->x, &glu);
}

static void glu_backward(const FfnCall *call) {
    int32_t first[2] = { 0, call->B * call->T };
    Glus glu = glu_of(call, first);
    GluGradients gradients = { ffn_gradient(call, UP), ffn_gradient(call, UP_BIAS),
                               ffn_gradient(call, DOWN), ffn_gradient(call, DOWN_BIAS) };
    GluActivations saved = activations_in(call->saved, first[1], glu.F),
                   d = activations_in(call->scratch, first[1], glu.F);
    glus_backward(call->dx, &gradients, &d, call->dy, call->x, &saved, &glu);
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
