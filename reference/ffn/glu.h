#ifndef REFERENCE_FFN_GLU_H
#define REFERENCE_FFN_GLU_H
#include <stdint.h>

// Gated linear units (chapter 01), as a dense layer and as the experts of a mixture:
//   [g, u] = x up + up_bias, in halves;  g = min(g, 7), u = clamp(u, -7, 7);
//   a = g·sigmoid(1.702 g)·(u + 1);
//   y = a down + down_bias
// E of them side by side: expert e has the rows first[e] .. first[e+1]-1 of all R = first[E], any
// number of them.
typedef struct {
    int E, D, F;
    const int32_t *first;          // [E+1], from 0
    const float *up, *up_bias;     // [E,D,2F] gate half first, [E,2F]
    const float *down, *down_bias; // [E,F,D], [E,D]
} Glus;

typedef struct {
    float *up, *up_bias, *down, *down_bias; // shapes as above
} GluGradients;

// y [R,D] from x [R,D]; leaves halves [R,2F], before bias and clamps, and after [R,F], the a of
// above, for the way back.
void glus_forward(float *y, float *halves, float *after, const float *x, const Glus *glus);

// Writes dx [R,D] and the gradients, zero of an expert without rows. dhalves [R,2F] and dafter
// [R,F] are scratch.
void glus_backward(float *dx, const GluGradients *gradients, float *dhalves, float *dafter,
                   const float *dy, const float *x, const float *halves, const float *after,
                   const Glus *glus);
#endif
