#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static bool is_chosen(int f, const int *index, int K) {
    for (int k = 0; k < K; k++) {
        if (index[k] == f) return true;
    }
    return false;
}

double border(int *leaves, int *comes, const double *score, const double *slope, const int *index,
              int F, int K) {
    double first = INFINITY;
    for (int f = 0; f < F; f++) {
        if (is_chosen(f, index, K)) continue;
        for (int k = 0; k < K; k++) {
            double ahead = score[index[k]] - score[f], gains = slope[f] - slope[index[k]];
            if (gains <= 0.0 || ahead / gains >= first) continue; // never catches up, or not first
            first = ahead / gains;
            *leaves = index[k];
            *comes = f;
        }
    }
    return first;
}

static double dot(const double *a, const double *b, int D) {
    double sum = 0.0;
    for (int d = 0; d < D; d++) sum += a[d] * b[d];
    return sum;
}

void jump(double *change, double score, int leaves, int comes, const double *x, const double *in,
          const double *out, int D) {
    size_t old = (size_t)leaves * D, new = (size_t)comes *D;
    double said = score * dot(in + old, x, D), says = score * dot(in + new, x, D);
    for (int d = 0; d < D; d++) change[d] = says * out[new + d] - said * out[old + d];
}
