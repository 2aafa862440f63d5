#include "chapters/07_language_model/exercises/block.h"
#include "chapters/07_language_model/rmsnorm.h"
#include <string.h>

void block_forward(double *y, const BlockSaved *saved, const double *x, const BlockWeights *w,
                   const DenseSizes *s, NormPlace place) {
    if (place == PRE_NORM) rmsnorm(saved->normed, x, w->norm, s->D);
    mlp_forward(y, &saved->mlp, place == PRE_NORM ? saved->normed : x, &w->mlp, s);
    for (int d = 0; d < s->D; d++) y[d] += x[d];
    if (place != POST_NORM) return;
    memcpy(saved->sum, y, (size_t)s->D * sizeof *y);
    rmsnorm(y, y, w->norm, s->D);
}

void block_backward(double *dx, const BlockWeights *dw, const double *dy, const BlockSaved *saved,
                    const double *x, const BlockWeights *w, const DenseSizes *s, NormPlace place) {
    double scratch[MAX_F], dsum[MAX_D]; // the gradient of x + mlp
    memcpy(dsum, dy, (size_t)s->D * sizeof *dy);
    if (place == POST_NORM) rmsnorm_backward(dsum, dw->norm, dy, saved->sum, w->norm, s->D);
    mlp_backward(dx, &dw->mlp, scratch, dsum, &saved->mlp, place == PRE_NORM ? saved->normed : x,
                 &w->mlp, s);
    if (place == PRE_NORM) rmsnorm_backward(dx, dw->norm, dx, x, w->norm, s->D);
    for (int d = 0; d < s->D; d++) dx[d] += dsum[d];
}
