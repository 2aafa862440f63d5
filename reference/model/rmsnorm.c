#include "reference/model/rmsnorm.h"
#include "reference/numbers/dot.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stddef.h>

float rmsnorm_row(float *y, const float *x, const float *scale, int D) {
    float rstd = 1.0f / sqrtf(dot(x, x, D) / (float)D + 1e-6f);
    for (int d = 0; d < D; d++) y[d] = x[d] * rstd * scale[d];
    return rstd;
}

void rmsnorm_rows(float *y, float *rstd, const float *x, const float *scale, int N, int D) {
#pragma omp parallel for
    for (int t = 0; t < N; t++)
        rstd[t] = rmsnorm_row(y + (size_t)t * D, x + (size_t)t * D, scale, D);
}

// With g = dy·scale and x̂ = x·rstd:  dx = rstd · (g - x̂ · mean(g·x̂)),  dscale = Σ dy·x̂.
// This is mean(g·x̂) of one row.
static float mean_of_product(const float *restrict dy, const float *restrict x,
                             const float *restrict scale, float rstd, int D) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int d = 0; d < D; d++) sum += dy[d] * scale[d] * x[d];
    return sum * rstd / (float)D;
}

void rmsnorm_row_backward(float *dx, float *dscale, const float *dy, const float *x, float rstd,
                          const float *scale, int D) {
    float mean = mean_of_product(dy, x, scale, rstd, D);
    for (int d = 0; d < D; d++) {
        float normed = x[d] * rstd;
        dx[d] = rstd * (dy[d] * scale[d] - normed * mean);
        dscale[d] += dy[d] * normed;
    }
}

void rmsnorm_rows_backward(float *dx, float *dscale, const float *dy, const float *x,
                           const float *rstd, const float *scale, int N, int D) {
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        const float *dyt = dy + (size_t)t * D, *xt = x + (size_t)t * D;
        float *dxt = dx + (size_t)t * D, mean = mean_of_product(dyt, xt, scale, rstd[t], D);
        for (int d = 0; d < D; d++)
            dxt[d] += rstd[t] * (dyt[d] * scale[d] - xt[d] * rstd[t] * mean);
    }
    enum { COLUMNS = 32 }; // of dscale, summed by one thread in the order of the tokens
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
