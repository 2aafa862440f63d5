#include "chapters/07_language_model/rmsnorm.h"
#include <math.h>

double one_over_rms(const double *x, int D) {
    double sum = 0.0;
    for (int d = 0; d < D; d++) sum += x[d] * x[d];
    return 1.0 / sqrt(sum / D + 1e-6); // the 1e-6 avoids a division by zero
}

// [rmsnorm
void rmsnorm(double *y, const double *x, const double *scale, int D) {
    double r = one_over_rms(x, D);
    for (int d = 0; d < D; d++) y[d] = x[d] * r * scale[d];
}
// rmsnorm]

// With u = x·r, and g = dy·scale the gradient of u: each x changes its own u, and through r all of
// them: dx = r · (g - u · mean(g·u)).
void rmsnorm_backward(double *dx, double *dscale, const double *dy, const double *x,
                      const double *scale, int D) {
    double r = one_over_rms(x, D), mean = 0.0;
    for (int d = 0; d < D; d++) mean += dy[d] * scale[d] * x[d] * r / D;
    for (int d = 0; d < D; d++) {
        double u = x[d] * r, dy_d = dy[d];
        dx[d] = r * (dy_d * scale[d] - u * mean);
        dscale[d] += dy_d * u;
    }
}
