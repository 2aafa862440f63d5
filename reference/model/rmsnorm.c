#include "reference/model/rmsnorm.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/vector.h"
#include <math.h>
#include <stddef.h>

float norm_row(float *y, const float *x, const float *scale, int D) {
    float rstd = 1.0f / sqrtf(dot(x, x, D) / (float)D + 1e-6f);
    for (int d = 0; d < D; d++) y[d] = x[d] * rstd * scale[d];
    return rstd;
}

void norm_forward(float *y, float *rstd, const float *x, const float *scale, int N, int D) {
#pragma omp parallel for
    for (int t = 0; t < N; t++) rstd[t] = norm_row(y + (size_t)t * D, x + (size_t)t * D, scale, D);
}

// With g = dy·scale and x̂ = x·rstd:  dx = rstd · (g - x̂ · mean(g·x̂)),  dscale = dy·x̂.
static float mean_along(const float *restrict dy, const float *restrict x,
                        const float *restrict scale, float rstd, int D) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int d = 0; d < D; d++) sum += dy[d] * scale[d] * x[d];
    return sum * rstd / (float)D;
}

void norm_row_backward(float *dx, float *dscale, const float *dy, const float *x, float rstd,
                       const float *scale, int D) {
    float along = mean_along(dy, x, scale, rstd, D);
    for (int d = 0; d < D; d++) {
        float unit = x[d] * rstd;
        dx[d] = rstd * (dy[d] * scale[d] - unit * along);
        dscale[d] += dy[d] * unit;
    }
}

void norm_backward(float *dx, float *dscale, const float *dy, const float *x, const float *rstd,
                   const float *scale, int N, int D) {
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        const float *dyt = dy + (size_t)t * D, *xt = x + (size_t)t * D;
        float *dxt = dx + (size_t)t * D, along = mean_along(dyt, xt, scale, rstd[t], D);
        for (int d = 0; d < D; d++)
            dxt[d] += rstd[t] * (dyt[d] * scale[d] - xt[d] * rstd[t] * along);
    }
    enum { COLUMNS = 32 }; // a thread owns its columns of dscale and adds the tokens in their order
#pragma omp parallel for
    for (int d0 = 0; d0 < D; d0 += COLUMNS) {
        int d1 = min_int(d0 + COLUMNS, D);
        for (int d = d0; d < d1; d++) dscale[d] = 0.0f;
        for (int t = 0; t < N; t++) {
            for (int d = d0; d < d1; d++)
                dscale[d] += dy[(size_t)t * D + d] * x[(size_t)t * D + d] * rstd[t];
        }
    }
}
