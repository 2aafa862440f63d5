#ifndef REFERENCE_MODEL_RMSNORM_H
#define REFERENCE_MODEL_RMSNORM_H

// RMSNorm (Zhang and Sennrich 2019): y = x · rstd · scale, rstd = 1 / sqrt(mean(x²) + 1e-6), of
// rows of D floats.

// Writes y [N,D] (may be x) and rstd [N], which backward needs.
void rmsnorm_rows(float *y, float *rstd, const float *x, const float *scale, int N, int D);

// Adds to dx [N,D], writes dscale [D]; dy is the gradient of y.
void rmsnorm_rows_backward(float *dx, float *dscale, const float *dy, const float *x,
                           const float *rstd, const float *scale, int N, int D);

// The same for one row, as attention normalises its queries and keys: returns rstd.
float rmsnorm_row(float *y, const float *x, const float *scale, int D);
// Writes dx [D], adds to dscale [D].
void rmsnorm_row_backward(float *dx, float *dscale, const float *dy, const float *x, float rstd,
                          const float *scale, int D);
#endif
