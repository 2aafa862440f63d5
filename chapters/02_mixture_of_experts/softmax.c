#include "chapters/02_mixture_of_experts/softmax.h"
#include <math.h>

double softmax_row(double *p, const double *v, int n) {
    double max = v[0], sum = 0.0;
    for (int i = 1; i < n; i++) max = fmax(max, v[i]);
    for (int i = 0; i < n; i++) {
        p[i] = exp(v[i] - max); // at most 1: nothing overflows
        sum += p[i];
    }
    for (int i = 0; i < n; i++) p[i] /= sum;
    return max + log(sum);
}

// [backward
void softmax_row_backward(double *dv, const double *dp, const double *p, int n) {
    double mean = 0.0;
    for (int i = 0; i < n; i++) mean += p[i] * dp[i];
    for (int i = 0; i < n; i++) dv[i] = p[i] * (dp[i] - mean);
}
// backward]
