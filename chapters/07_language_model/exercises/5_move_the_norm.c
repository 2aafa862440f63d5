// Exercise 07-5. Move the norm.
//
// A block (block.h) with its norm before the mlp, as in this chapter, is there, forward and
// backward. Write the other two: with the norm after the sum, as in the first transformer, and
// without one. Mind that after the sum the norm is on both paths, that of the mlp and that of x.
//
// The test then trains stacks of 2 and of 16 blocks of each kind on the 64 facts of the toy
// language, all at the same learning rate. Guess first, and write it down: which of the six learn
// the facts, and which of the six are no better than a guess among eight things, ln 8 = 2.079?
//
// Then change the rate in the test from 0.03 to 0.003 and the steps from 90 to 300. Its last check
// will fail, but read its table: what does the norm before the mlp buy?
//
// Check with: make exercise-07-5
#include "chapters/07_language_model/exercises/block.h"
#include "chapters/07_language_model/rmsnorm.h"

void block_forward(double *y, const BlockSaved *saved, const double *x, const BlockWeights *w,
                   const DenseSizes *s, NormPlace place) {
    (void)place; // yours to write: POST_NORM and NO_NORM
    rmsnorm(saved->normed, x, w->norm, s->D);
    mlp_forward(y, &saved->mlp, saved->normed, &w->mlp, s);
    for (int d = 0; d < s->D; d++) y[d] += x[d];
}

void block_backward(double *dx, const BlockWeights *dw, const double *dy, const BlockSaved *saved,
                    const double *x, const BlockWeights *w, const DenseSizes *s, NormPlace place) {
    (void)place; // yours to write: POST_NORM and NO_NORM
    double scratch[MAX_F];
    mlp_backward(dx, &dw->mlp, scratch, dy, &saved->mlp, saved->normed, &w->mlp, s);
    rmsnorm_backward(dx, dw->norm, dx, x, w->norm, s->D);
    for (int d = 0; d < s->D; d++) dx[d] += dy[d];
}
