#ifndef FFN_GLU_H
#define FFN_GLU_H

// The gated linear unit on N rows (chapter 01), a dense layer and the expert of a mixture:
//   [g, u] = x up + up_bias, in halves;  g = min(g, 7), u = clamp(u, -7, 7);  a = g·sigmoid(1.702 g)·(u + 1);
//   y = a down + down_bias
typedef struct {
    const float *up, *up_bias;     // [D,2F] gate half first, [2F]
    const float *down, *down_bias; // [F,D], [D]
} GluWeights;

typedef struct {
    float *up, *up_bias, *down, *down_bias; // shapes as above
} GluGradients;

// y [N,D] from x [N,D]; leaves halves [N,2F], before the clamps, and after [N,F], the a of above, for the way back.
void glu_rows_forward(float *y, float *halves, float *after, const float *x, const GluWeights *w, int N, int D, int F);

// Writes dx [N,D] and the gradients, zero where N is 0. dhalves [N,2F] and dafter [N,F] are scratch.
void glu_rows_backward(float *dx, const GluGradients *gradients, float *dhalves, float *dafter, const float *dy,
                       const float *x, const float *halves, const float *after, const GluWeights *w, int N, int D,
                       int F);
#endif
