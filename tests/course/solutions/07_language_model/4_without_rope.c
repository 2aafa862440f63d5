#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/07_language_model/attention.h"
#include "chapters/07_language_model/exercises/head.h"
#include "chapters/07_language_model/rope.h"

static AttentionHead head_of(const HeadSaved *a, double *context, int t, int T, int D) {
    return (AttentionHead){ a->query + t * D, a->key, a->value, a->weights + t * T,
                            context + t * D };
}

void head_forward(double *context, const HeadSaved *saved, const double *x, const HeadWeights *w,
                  int T, int D, bool rotates) {
    for (int t = 0; t < T; t++) {
        linear(saved->query + t * D, x + t * D, w->query, D, D);
        linear(saved->key + t * D, x + t * D, w->key, D, D);
        linear(saved->value + t * D, x + t * D, w->value, D, D);
        if (rotates) {
            rope(saved->query + t * D, t, D);
            rope(saved->key + t * D, t, D);
        }
        AttentionHead head = head_of(saved, context, t, T, D);
        attend(&head, t, D, D);
    }
}

// dx [D] += dy · w^T, dw += x^T · dy
static void add_linear_backward(double *dx, double *dw, const double *dy, const double *x,
                                const double *w, int D) {
    double part[MAX_D];
    linear_backward(part, dw, dy, x, w, D, D);
    for (int d = 0; d < D; d++) dx[d] += part[d];
}

void head_backward(double *dx, const HeadWeights *dw, const HeadSaved *gradients, double *dcontext,
                   const HeadSaved *saved, const double *x, const HeadWeights *w, int T, int D,
                   bool rotates) {
    for (int i = 0; i < T * D; i++) dx[i] = gradients->key[i] = gradients->value[i] = 0.0;
    for (int t = 0; t < T; t++) {
        // backward does not read the saved context
        AttentionHead head = head_of(saved, dcontext, t, T, D);
        AttentionHead dhead = head_of(gradients, dcontext, t, T, D);
        attend_backward(&dhead, &head, t, D, D);
    }
    for (int t = 0; t < T; t++) {
        int row = t * D;
        if (rotates) {
            rope_backward(gradients->query + row, t, D);
            rope_backward(gradients->key + row, t, D);
        }
        add_linear_backward(dx + row, dw->query, gradients->query + row, x + row, w->query, D);
        add_linear_backward(dx + row, dw->key, gradients->key + row, x + row, w->key, D);
        add_linear_backward(dx + row, dw->value, gradients->value + row, x + row, w->value, D);
    }
}
