#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static bool is_selected(int f, const int *index, int K) {
    for (int k = 0; k < K; k++) {
        if (index[k] == f) return true;
    }
    return false;
}

double border(int *leaving, int *entering, const double *score, const double *slope,
              const int *index, int F, int K) {
    double first = INFINITY;
    for (int f = 0; f < F; f++) {
        if (is_selected(f, index, K)) continue;
        for (int k = 0; k < K; k++) {
            double ahead = score[index[k]] - score[f], gains = slope[f] - slope[index[k]];
            if (gains <= 0.0 || ahead / gains >= first) continue; // never catches up, or later
            first = ahead / gains;
            *leaving = index[k];
            *entering = f;
        }
    }
    return first;
}

static double dot(const double *a, const double *b, int D) {
    double sum = 0.0;
    for (int d = 0; d < D; d++) sum += a[d] * b[d];
    return sum;
}

void jump(double *change, double score, int leaving, int entering, const double *x,
          const double *in, const double *out, int D) {
    size_t old = (size_t)leaving * D, new = (size_t)entering *D;
    double before = score * dot(in + old, x, D), after = score * dot(in + new, x, D);
    for (int d = 0; d < D; d++) change[d] = after * out[new + d] - before * out[old + d];
}
