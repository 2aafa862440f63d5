#ifndef CHAPTERS_07_LANGUAGE_MODEL_EXERCISES_BLOCK_H
#define CHAPTERS_07_LANGUAGE_MODEL_EXERCISES_BLOCK_H
#include "chapters/01_dense_ffn/dense_ffn.h"

// A block of a model, here an mlp with its residual connection, for one token. Its norm is before
// the mlp, after the sum, or not there at all (Xiong et al. 2020, figure 1):
//   PRE_NORM   y = x + mlp(rmsnorm(x))
//   POST_NORM  y = rmsnorm(x + mlp(x))
//   NO_NORM    y = x + mlp(x)
typedef enum { PRE_NORM, POST_NORM, NO_NORM, NORM_PLACES } NormPlace;
enum { MAX_D = 16, MAX_F = 16 };

// The weights, or their gradients.
typedef struct {
    double *norm; // [D]: the scale of the norm
    MlpWeights mlp;
} BlockWeights;

// What forward saves for backward.
typedef struct {
    double *normed; // [D]: rmsnorm(x), of PRE_NORM
    double *sum;    // [D]: x + mlp(x), of POST_NORM
    MlpSaved mlp;
} BlockSaved;

// y [D] from x [D]; they do not overlap.
void block_forward(double *y, const BlockSaved *saved, const double *x, const BlockWeights *w,
                   const DenseSizes *s, NormPlace place);

// dx [D] is written, dw added to. dx and dy do not overlap.
void block_backward(double *dx, const BlockWeights *dw, const double *dy, const BlockSaved *saved,
                    const double *x, const BlockWeights *w, const DenseSizes *s, NormPlace place);
#endif
