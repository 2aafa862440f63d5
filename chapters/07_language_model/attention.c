#include "chapters/07_language_model/attention.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/07_language_model/rope.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

// [attend
void attend(double *context, double *weights, const double *query, const double *keys,
            const double *values, int t, int stride, int Dh) {
    for (int s = 0; s <= t; s++) { // no further: what comes later must not be seen
        const double *key = keys + (size_t)s * stride;
        double match = 0.0;
        for (int d = 0; d < Dh; d++) match += query[d] * key[d];
        weights[s] = match / sqrt(Dh);
    }
    softmax_row(weights, weights, t + 1);
    for (int d = 0; d < Dh; d++) context[d] = 0.0;
    for (int s = 0; s <= t; s++) {
        const double *value = values + (size_t)s * stride;
        for (int d = 0; d < Dh; d++) context[d] += weights[s] * value[d];
    }
}
// attend]

void attend_backward(double *dquery, double *dkeys, double *dvalues, double *dweights,
                     const double *dcontext, const double *weights, const double *query,
                     const double *keys, const double *values, int t, int stride, int Dh) {
    for (int s = 0; s <= t; s++) {
        dweights[s] = 0.0;
        for (int d = 0; d < Dh; d++) {
            dweights[s] += dcontext[d] * values[(size_t)s * stride + d];
            dvalues[(size_t)s * stride + d] += dcontext[d] * weights[s];
        }
    }
    softmax_row_backward(dweights, dweights, weights, t + 1);
    for (int d = 0; d < Dh; d++) dquery[d] = 0.0;
    for (int s = 0; s <= t; s++) {
        double dmatch = dweights[s] / sqrt(Dh);
        for (int d = 0; d < Dh; d++) {
            dquery[d] += dmatch * keys[(size_t)s * stride + d];
            dkeys[(size_t)s * stride + d] += dmatch * query[d];
        }
    }
}

// One token's heads [H,Dh]: each to unit rms, then rotated to the token's position.
static void normalise_and_rotate(double *rotated, const double *heads, const double *scale, int t,
                                 int H, int Dh) {
    for (int h = 0; h < H; h++) {
        rmsnorm(rotated + h * Dh, heads + h * Dh, scale, Dh);
        rope(rotated + h * Dh, t, Dh);
    }
}

// drotated is rotated back in place.
static void normalise_and_rotate_backward(double *dheads, double *dscale, double *drotated,
                                          const double *heads, const double *scale, int t, int H,
                                          int Dh) {
    for (int h = 0; h < H; h++) {
        rope_backward(drotated + h * Dh, t, Dh);
        rmsnorm_backward(dheads + h * Dh, dscale, drotated + h * Dh, heads + h * Dh, scale, Dh);
    }
}

void self_attention(double *y, AttentionSaved *saved, const double *x, const AttentionWeights *w,
                    int T, int D, int Dh) {
    int H = D / Dh;
    for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * D;
        linear(saved->query + at, x + at, w->query, D, D);
        linear(saved->key + at, x + at, w->key, D, D);
        linear(saved->value + at, x + at, w->value, D, D);
        normalise_and_rotate(saved->rotated_query + at, saved->query + at, w->query_norm, t, H, Dh);
        normalise_and_rotate(saved->rotated_key + at, saved->key + at, w->key_norm, t, H, Dh);
        for (int h = 0; h < H; h++) {
            double *weights = saved->weights + ((size_t)h * T + t) * T;
            attend(saved->context + at + h * Dh, weights, saved->rotated_query + at + h * Dh,
                   saved->rotated_key + h * Dh, saved->value + h * Dh, t, D, Dh);
            for (int s = t + 1; s < T; s++) weights[s] = 0.0;
        }
        linear(y + at, saved->context + at, w->output, D, D);
    }
}

// dx [D] += dy · w^T, dw += x^T · dy: linear_backward for one of several branches that read the
// same x.
static void add_linear_backward(double *dx, double *dw, double *part, const double *dy,
                                const double *x, const double *w, int D) {
    linear_backward(part, dw, dy, x, w, D, D);
    for (int d = 0; d < D; d++) dx[d] += part[d];
}

void self_attention_backward(double *dx, AttentionWeights *dw, AttentionSaved *scratch,
                             double *part, const double *dy, const double *x,
                             const AttentionSaved *saved, const AttentionWeights *w, int T, int D,
                             int Dh) {
    int H = D / Dh;
    size_t bytes = (size_t)T * D * sizeof *dx;
    memset(scratch->rotated_key, 0, bytes);
    memset(scratch->value, 0, bytes);
    memset(dx, 0, bytes);
    for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * D;
        linear_backward(scratch->context + at, dw->output, dy + at, saved->context + at, w->output,
                        D, D);
        for (int h = 0; h < H; h++) {
            size_t row = ((size_t)h * T + t) * T;
            attend_backward(scratch->rotated_query + at + h * Dh, scratch->rotated_key + h * Dh,
                            scratch->value + h * Dh, scratch->weights + row,
                            scratch->context + at + h * Dh, saved->weights + row,
                            saved->rotated_query + at + h * Dh, saved->rotated_key + h * Dh,
                            saved->value + h * Dh, t, D, Dh);
        }
    }
    // only now: later tokens have added to the keys and values of this one
    for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * D;
        normalise_and_rotate_backward(scratch->query + at, dw->query_norm,
                                      scratch->rotated_query + at, saved->query + at, w->query_norm,
                                      t, H, Dh);
        normalise_and_rotate_backward(scratch->key + at, dw->key_norm, scratch->rotated_key + at,
                                      saved->key + at, w->key_norm, t, H, Dh);
        add_linear_backward(dx + at, dw->query, part, scratch->query + at, x + at, w->query, D);
        add_linear_backward(dx + at, dw->key, part, scratch->key + at, x + at, w->key, D);
        add_linear_backward(dx + at, dw->value, part, scratch->value + at, x + at, w->value, D);
    }
}
