// Exercise 07-4. Without RoPE.
//
// An attention head (head.h) whose queries and keys may be rotated or not. Forward is there, but
// never rotates: add that. Then write backward, from attend_backward, rope_backward and
// linear_backward. Mind that later tokens add to the gradients of the keys and values of earlier
// ones: none of these is complete until attend_backward was called for every token.
//
// The test trains a model of this one head on sequences `a b ?`, of which the answer is a: the word
// that came first. Guess first, and write it down: which loss does it reach with positions, and
// which without?
//
// Check with: make exercise-07-4
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
    (void)rotates;
    for (int t = 0; t < T; t++) {
        linear(saved->query + t * D, x + t * D, w->query, D, D);
        linear(saved->key + t * D, x + t * D, w->key, D, D);
        linear(saved->value + t * D, x + t * D, w->value, D, D);
        AttentionHead head = head_of(saved, context, t, T, D);
        attend(&head, t, D, D);
    }
}

void head_backward(double *dx, const HeadWeights *dw, const HeadSaved *gradients, double *dcontext,
                   const HeadSaved *saved, const double *x, const HeadWeights *w, int T, int D,
                   bool rotates) {
    (void)dw, (void)gradients, (void)dcontext, (void)saved, (void)x, (void)w, (void)rotates;
    for (int i = 0; i < T * D; i++) dx[i] = 0.0; // yours to write
}
