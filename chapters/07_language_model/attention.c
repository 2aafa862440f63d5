#include "chapters/07_language_model/attention.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/07_language_model/rope.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

// [attend
void attend(const AttentionHead *h, int t, int stride, int Dh) {
    for (int s = 0; s <= t; s++) { // causal: token t must not see later ones
        const double *key = h->keys + (size_t)s * stride;
        double score = 0.0;
        for (int d = 0; d < Dh; d++) score += h->query[d] * key[d];
        h->weights[s] = score / sqrt(Dh);
    }
    softmax_row(h->weights, h->weights, t + 1);
    for (int d = 0; d < Dh; d++) h->context[d] = 0.0;
    for (int s = 0; s <= t; s++) {
        const double *value = h->values + (size_t)s * stride;
        for (int d = 0; d < Dh; d++) h->context[d] += h->weights[s] * value[d];
    }
}
// attend]

void attend_backward(const AttentionHead *dh, const AttentionHead *h, int t, int stride, int Dh) {
    for (int s = 0; s <= t; s++) {
        dh->weights[s] = 0.0;
        for (int d = 0; d < Dh; d++) {
            dh->weights[s] += dh->context[d] * h->values[(size_t)s * stride + d];
            dh->values[(size_t)s * stride + d] += dh->context[d] * h->weights[s];
        }
    }
    softmax_row_backward(dh->weights, dh->weights, h->weights, t + 1);
    for (int d = 0; d < Dh; d++) dh->query[d] = 0.0;
    for (int s = 0; s <= t; s++) {
        double dscore = dh->weights[s] / sqrt(Dh);
        for (int d = 0; d < Dh; d++) {
            dh->query[d] += dscore * h->keys[(size_t)s * stride + d];
            dh->keys[(size_t)s * stride + d] += dscore * h->query[d];
        }
    }
}

// Head h of token t, of a sequence's values or of their gradients.
static AttentionHead head_of(const AttentionSaved *a, int h, int t, const AttentionSizes *sizes) {
    size_t head = (size_t)h * sizes->Dh, token = (size_t)t * sizes->D + head;
    return (AttentionHead){ .query = a->rotated_query + token,
                            .keys = a->rotated_key + head,
                            .values = a->value + head,
                            .weights = a->weights + ((size_t)h * sizes->T + t) * sizes->T,
                            .context = a->context + token };
}

// One token's heads [H,Dh]: each normalised, then rotated by the token's position.
static void normalise_and_rotate(double *rotated, const double *heads, const double *scale, int t,
                                 const AttentionSizes *sizes) {
    for (int i = 0; i < sizes->D; i += sizes->Dh) {
        rmsnorm(rotated + i, heads + i, scale, sizes->Dh);
        rope(rotated + i, t, sizes->Dh);
    }
}

// drotated is rotated back in place.
static void normalise_and_rotate_backward(double *dheads, double *dscale, double *drotated,
                                          const double *heads, const double *scale, int t,
                                          const AttentionSizes *sizes) {
    for (int i = 0; i < sizes->D; i += sizes->Dh) {
        rope_backward(drotated + i, t, sizes->Dh);
        rmsnorm_backward(dheads + i, dscale, drotated + i, heads + i, scale, sizes->Dh);
    }
}

void self_attention(double *y, const AttentionSaved *saved, const double *x,
                    const AttentionWeights *w, const AttentionSizes *sizes) {
    int T = sizes->T, D = sizes->D, H = D / sizes->Dh;
    for (int t = 0; t < T; t++) {
        size_t row = (size_t)t * D;
        linear(saved->query + row, x + row, w->query, D, D);
        linear(saved->key + row, x + row, w->key, D, D);
        linear(saved->value + row, x + row, w->value, D, D);
        normalise_and_rotate(saved->rotated_query + row, saved->query + row, w->query_norm, t,
                             sizes);
        normalise_and_rotate(saved->rotated_key + row, saved->key + row, w->key_norm, t, sizes);
        for (int h = 0; h < H; h++) {
            AttentionHead head = head_of(saved, h, t, sizes);
            attend(&head, t, D, sizes->Dh);
            for (int s = t + 1; s < T; s++) head.weights[s] = 0.0;
        }
        linear(y + row, saved->context + row, w->output, D, D);
    }
}

// dx [D] += dy · w^T, dw += x^T · dy: linear_backward for several products of one x. part: D
// doubles of scratch.
static void add_linear_backward(double *dx, double *dw, double *part, const double *dy,
                                const double *x, const double *w, int D) {
    linear_backward(part, dw, dy, x, w, D, D);
    for (int d = 0; d < D; d++) dx[d] += part[d];
}

// Token t, from the gradients of its query, key and value to dx [D].
static void projections_backward(double *dx, const AttentionWeights *dw,
                                 const AttentionSaved *scratch, const AttentionSaved *saved,
                                 const double *x, const AttentionWeights *w, int t,
                                 const AttentionSizes *sizes) {
    int D = sizes->D;
    size_t row = (size_t)t * D;
    double *dquery = scratch->query + row, *dkey = scratch->key + row;
    double *part = scratch->context + row; // the gradient of context is no longer needed
    normalise_and_rotate_backward(dquery, dw->query_norm, scratch->rotated_query + row,
                                  saved->query + row, w->query_norm, t, sizes);
    normalise_and_rotate_backward(dkey, dw->key_norm, scratch->rotated_key + row, saved->key + row,
                                  w->key_norm, t, sizes);
    add_linear_backward(dx, dw->query, part, dquery, x, w->query, D);
    add_linear_backward(dx, dw->key, part, dkey, x, w->key, D);
    add_linear_backward(dx, dw->value, part, scratch->value + row, x, w->value, D);
}

void self_attention_backward(double *dx, const AttentionWeights *dw, const AttentionSaved *scratch,
                             const double *dy, const AttentionSaved *saved, const double *x,
                             const AttentionWeights *w, const AttentionSizes *sizes) {
    int T = sizes->T, D = sizes->D, H = D / sizes->Dh;
    size_t bytes = (size_t)T * D * sizeof *dx;
    memset(scratch->rotated_key, 0, bytes);
    memset(scratch->value, 0, bytes);
    memset(dx, 0, bytes);
    for (int t = 0; t < T; t++) {
        size_t row = (size_t)t * D;
        linear_backward(scratch->context + row, dw->output, dy + row, saved->context + row,
                        w->output, D, D);
        for (int h = 0; h < H; h++) {
            AttentionHead head = head_of(saved, h, t, sizes), dhead = head_of(scratch, h, t, sizes);
            attend_backward(&dhead, &head, t, D, sizes->Dh);
        }
    }
    // in a loop of its own, because later tokens add to the keys and values of earlier ones
    for (int t = 0; t < T; t++) {
        size_t row = (size_t)t * D;
        projections_backward(dx + row, dw, scratch, saved, x + row, w, t, sizes);
    }
}
