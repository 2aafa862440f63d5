#ifndef CHAPTERS_10_PATCHING_DOT_H
#define CHAPTERS_10_PATCHING_DOT_H

static inline double dot(const double *a, const double *b, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}
#endif
