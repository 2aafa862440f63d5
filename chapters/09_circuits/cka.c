#include "chapters/09_circuits/cka.h"
#include <math.h>
#include <stddef.h>

void gram_dense(double *gram, const double *x, int N, int D) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double dot = 0.0;
            for (int d = 0; d < D; d++) dot += x[(size_t)i * D + d] * x[(size_t)j * D + d];
            gram[(size_t)i * N + j] = dot;
        }
    }
}

void gram_sparse(double *gram, double *dense, const double *scores, const int *indices, int N,
                 int K, int F) {
    for (int i = 0; i < N; i++) {
        for (int f = 0; f < F; f++) dense[f] = 0.0;
        for (int k = 0; k < K; k++) dense[indices[(size_t)i * K + k]] = scores[(size_t)i * K + k];
        for (int j = 0; j < N; j++) {
            double dot = 0.0;
            for (int k = 0; k < K; k++)
                dot += scores[(size_t)j * K + k] * dense[indices[(size_t)j * K + k]];
            gram[(size_t)i * N + j] = dot;
        }
    }
}

// Means [N] of the rows, which are those of the columns; returns the mean of all.
static double row_means(double *means, const double *gram, int N) {
    double all = 0.0;
    for (int i = 0; i < N; i++) {
        means[i] = 0.0;
        for (int j = 0; j < N; j++) means[i] += gram[(size_t)i * N + j] / N;
        all += means[i] / N;
    }
    return all;
}

// Σ of the products of both matrices' entries, centered: without the means of row and column.
// [centered
static double centered_product(double *means, const double *a, const double *b, int N) {
    double *a_means = means, *b_means = means + N, sum = 0.0;
    double a_all = row_means(a_means, a, N), b_all = row_means(b_means, b, N);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double x = a[(size_t)i * N + j] - a_means[i] - a_means[j] + a_all;
            double y = b[(size_t)i * N + j] - b_means[i] - b_means[j] + b_all;
            sum += x * y;
        }
    }
    return sum;
}
// centered]

static double normalised(double ab, double aa, double bb) {
    return aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : 0.0;
}

double linear_cka(double *means, const double *a, const double *b, int N) {
    return normalised(centered_product(means, a, b, N), centered_product(means, a, a, N),
                      centered_product(means, b, b, N));
}

// Song 2012, equation 5, with the diagonals left out.
// [unbiased
static double unbiased_product(double *sums, const double *a, const double *b, int N) {
    double *a_sums = sums, *b_sums = sums + N;
    double products = 0.0, a_all = 0.0, b_all = 0.0, rows = 0.0;
    for (int i = 0; i < N; i++) {
        a_sums[i] = b_sums[i] = 0.0;
        for (int j = 0; j < N; j++) {
            if (i == j) continue;
            a_sums[i] += a[(size_t)i * N + j];
            b_sums[i] += b[(size_t)i * N + j];
            products += a[(size_t)i * N + j] * b[(size_t)i * N + j];
        }
        a_all += a_sums[i];
        b_all += b_sums[i];
        rows += a_sums[i] * b_sums[i];
    }
    return products + a_all * b_all / ((N - 1.0) * (N - 2.0)) - 2.0 * rows / (N - 2.0);
}
// unbiased]

double linear_cka_unbiased(double *sums, const double *a, const double *b, int N) {
    return normalised(unbiased_product(sums, a, b, N), unbiased_product(sums, a, a, N),
                      unbiased_product(sums, b, b, N));
}
