#ifndef CHAPTERS_07_LANGUAGE_MODEL_RMSNORM_H
#define CHAPTERS_07_LANGUAGE_MODEL_RMSNORM_H

// RMSNorm (Zhang and Sennrich 2019, arXiv 1910.07467) of one token: y = x / rms(x) · scale, rms(x)
// = sqrt(mean(x²) + 1e-6). y [D] from x [D] and scale [D]; y may be x.
double one_over_rms(const double *x, int D); // 1 / rms(x)
void rmsnorm(double *y, const double *x, const double *scale, int D);

// dx [D] is written (it may be dy), dscale [D] added to. The rms is computed again from x, which is
// cheap.
void rmsnorm_backward(double *dx, double *dscale, const double *dy, const double *x,
                      const double *scale, int D);
#endif
