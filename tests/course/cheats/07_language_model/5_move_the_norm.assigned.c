// Refused by gradients_add_up: the gradient of the norm's scale is that of the last token alone.
#define block_backward right_block_backward
#include "tests/course/solutions/07_language_model/5_move_the_norm.c"
#undef block_backward

void block_backward(double *dx, const BlockWeights *dw, const double *dy, const BlockSaved *saved,
                    const double *x, const BlockWeights *w, const DenseSizes *s, NormPlace place) {
    for (int d = 0; d < s->D; d++) dw->norm[d] = 0.0;
    right_block_backward(dx, dw, dy, saved, x, w, s, place);
}
