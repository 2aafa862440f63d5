#ifndef REFERENCE_MODEL_RMSNORM_H
#define REFERENCE_MODEL_RMSNORM_H

// RMSNorm (Zhang and Sennrich 2019): y = x · rstd · scale, rstd = 1 / sqrt(mean(x²) + 1e-6), for
// rows of D.

// y [N,D]; rstd [N] is saved for the way back. y may be x.
void norm_forward(float *y, float *rstd, const float *x, const float *scale, int N, int D);

// dx [N,D] += …, dscale [D] = …; dy is the gradient of y.
void norm_backward(float *dx, float *dscale, const float *dy, const float *x, const float *rstd,
                   const float *scale, int N, int D);

// One row of either, for attention's normalised queries and keys: norm_row returns rstd.
float norm_row(float *y, const float *x, const float *scale, int D);
// dx [D] = …, dscale [D] += …
void norm_row_backward(float *dx, float *dscale, const float *dy, const float *x, float rstd,
                       const float *scale, int D);
#endif
