#ifndef CHAPTER_07_RMSNORM_H
#define CHAPTER_07_RMSNORM_H

// RMSNorm (Zhang and Sennrich 2019, arXiv 1910.07467): y = x / rms(x) · scale, rms(x) =
// sqrt(mean(x²) + 1e-6). One token. y [D] from x [D] and scale [D]; y may be x.
void rmsnorm(double *y, const double *x, const double *scale, int D);

// dx [D] is written (it may be dy), dscale [D] is added to. The rms is made anew from x: one pass
// over D numbers.
void rmsnorm_backward(double *dx, double *dscale, const double *dy, const double *x,
                      const double *scale, int D);
#endif
