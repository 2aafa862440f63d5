#include "chapters/07_language_model/attention.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/07_language_model/rope.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

// [look_back
void look_back(double *mixed, double *share, const double *query, const double *keys,
               const double *values, int t, int stride, int Dh) {
    for (int s = 0; s <= t; s++) { // no further: what comes later must not be seen
        const double *key = keys + (size_t)s * stride;
        double match = 0.0;
        for (int d = 0; d < Dh; d++) match += query[d] * key[d];
        share[s] = match / sqrt(Dh);
    }
    softmax_row(share, share, t + 1);
    for (int d = 0; d < Dh; d++) mixed[d] = 0.0;
    for (int s = 0; s <= t; s++) {
        const double *value = values + (size_t)s * stride;
        for (int d = 0; d < Dh; d++) mixed[d] += share[s] * value[d];
    }
}
// look_back]

void look_back_backward(double *dquery, double *dkeys, double *dvalues, double *dshare,
                        const double *dmixed, const double *share, const double *query,
                        const double *keys, const double *values, int t, int stride, int Dh) {
    for (int s = 0; s <= t; s++) {
        dshare[s] = 0.0;
        for (int d = 0; d < Dh; d++) {
            dshare[s] += dmixed[d] * values[(size_t)s * stride + d];
            dvalues[(size_t)s * stride + d] += dmixed[d] * share[s];
        }
    }
    softmax_row_backward(dshare, dshare, share, t + 1);
    for (int d = 0; d < Dh; d++) dquery[d] = 0.0;
    for (int s = 0; s <= t; s++) {
        double dmatch = dshare[s] / sqrt(Dh);
        for (int d = 0; d < Dh; d++) {
            dquery[d] += dmatch * keys[(size_t)s * stride + d];
            dkeys[(size_t)s * stride + d] += dmatch * query[d];
        }
    }
}

// One token's heads [H,Dh]: each to unit rms, then turned to the token's position.
static void normalise_and_turn(double *turned, const double *heads, const double *scale, int t,
                               int H, int Dh) {
    for (int h = 0; h < H; h++) {
        rmsnorm(turned + h * Dh, heads + h * Dh, scale, Dh);
        rope_turn(turned + h * Dh, t, Dh);
    }
}

// dturned is turned back in place.
static void normalise_and_turn_backward(double *dheads, double *dscale, double *dturned,
                                        const double *heads, const double *scale, int t, int H,
                                        int Dh) {
    for (int h = 0; h < H; h++) {
        rope_turn_back(dturned + h * Dh, t, Dh);
        rmsnorm_backward(dheads + h * Dh, dscale, dturned + h * Dh, heads + h * Dh, scale, Dh);
    }
}

void attention_of_sequence(double *y, AttentionSaved *saved, const double *x,
                           const AttentionWeights *w, int T, int D, int Dh) {
    int H = D / Dh;
    for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * D;
        linear(saved->query + at, x + at, w->query, D, D);
        linear(saved->key + at, x + at, w->key, D, D);
        linear(saved->value + at, x + at, w->value, D, D);
        normalise_and_turn(saved->turned_query + at, saved->query + at, w->query_norm, t, H, Dh);
        normalise_and_turn(saved->turned_key + at, saved->key + at, w->key_norm, t, H, Dh);
        for (int h = 0; h < H; h++) {
            double *share = saved->share + ((size_t)h * T + t) * T;
            look_back(saved->mixed + at + h * Dh, share, saved->turned_query + at + h * Dh,
                      saved->turned_key + h * Dh, saved->value + h * Dh, t, D, Dh);
            for (int s = t + 1; s < T; s++) share[s] = 0.0;
        }
        linear(y + at, saved->mixed + at, w->output, D, D);
    }
}

// dx [D] += dy · w^T, dw += x^T · dy: linear_backward for one of several branches that read the
// same x.
static void add_linear_backward(double *dx, double *dw, double *part, const double *dy,
                                const double *x, const double *w, int D) {
    linear_backward(part, dw, dy, x, w, D, D);
    for (int d = 0; d < D; d++) dx[d] += part[d];
}

void attention_of_sequence_backward(double *dx, AttentionWeights *dw, AttentionSaved *scratch,
                                    double *part, const double *dy, const double *x,
                                    const AttentionSaved *saved, const AttentionWeights *w, int T,
                                    int D, int Dh) {
    int H = D / Dh;
    size_t bytes = (size_t)T * D * sizeof *dx;
    memset(scratch->turned_key, 0, bytes);
    memset(scratch->value, 0, bytes);
    memset(dx, 0, bytes);
    for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * D;
        linear_backward(scratch->mixed + at, dw->output, dy + at, saved->mixed + at, w->output, D,
                        D);
        for (int h = 0; h < H; h++) {
            size_t row = ((size_t)h * T + t) * T;
            look_back_backward(scratch->turned_query + at + h * Dh, scratch->turned_key + h * Dh,
                               scratch->value + h * Dh, scratch->share + row,
                               scratch->mixed + at + h * Dh, saved->share + row,
                               saved->turned_query + at + h * Dh, saved->turned_key + h * Dh,
                               saved->value + h * Dh, t, D, Dh);
        }
    }
    // only now: later tokens have added to the keys and values of this one
    for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * D;
        normalise_and_turn_backward(scratch->query + at, dw->query_norm, scratch->turned_query + at,
                                    saved->query + at, w->query_norm, t, H, Dh);
        normalise_and_turn_backward(scratch->key + at, dw->key_norm, scratch->turned_key + at,
                                    saved->key + at, w->key_norm, t, H, Dh);
        add_linear_backward(dx + at, dw->query, part, scratch->query + at, x + at, w->query, D);
        add_linear_backward(dx + at, dw->key, part, scratch->key + at, x + at, w->key, D);
        add_linear_backward(dx + at, dw->value, part, scratch->value + at, x + at, w->value, D);
    }
}
