#include "chapters/09_circuits/map_quality.h"
#include "chapters/02_mixture_of_experts/top_k.h"
#include "chapters/09_circuits/neighbours.h"
#include <math.h>
#include <stddef.h>

double purity(const int *neighbours, const int *labels, int N, int k) {
    long equal = 0;
    for (int i = 0; i < N; i++) {
        for (int j = 1; j < k; j++) equal += labels[neighbours[(size_t)i * k + j]] == labels[i];
    }
    return (double)equal / ((double)N * (k - 1));
}

static double distance(const double *y, int i, int j) {
    return hypot(y[2 * i] - y[2 * j], y[2 * i + 1] - y[2 * j + 1]);
}

void map_neighbours(int *neighbours, double *scratch, const double *y, int N, int k) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) scratch[j] = -distance(y, i, j);
        nearest(neighbours + (size_t)i * k, scratch + N, scratch, i, N, k);
    }
}

// The rank of j among the others of i by cosine: 1 for the nearest.
static int rank_of(const double *cosines, int i, int j, int N) {
    int rank = 1;
    for (int other = 0; other < N; other++)
        rank += other != i && other != j && ranks_higher_in(cosines, other, j);
    return rank;
}

double trustworthiness(const int *neighbours, const double *cosines, int N, int k) {
    double too_far = 0.0;
    int others = k - 1;
    for (int i = 0; i < N; i++) {
        for (int j = 1; j < k; j++) {
            int rank = rank_of(cosines + (size_t)i * N, i, neighbours[(size_t)i * k + j], N);
            if (rank > others) too_far += rank - others;
        }
    }
    return 1.0 - 2.0 * too_far / ((double)N * others * (2.0 * N - 3.0 * others - 1.0));
}

static double silhouette_of(double *sums, const int *counts, const double *y, const int *labels,
                            int i, int N, int classes) {
    double a = 0.0, b = INFINITY;
    for (int c = 0; c < classes; c++) sums[c] = 0.0;
    for (int j = 0; j < N; j++) sums[labels[j]] += distance(y, i, j);
    for (int c = 0; c < classes; c++) {
        if (c == labels[i])
            a = sums[c] / (counts[c] - 1);
        else if (counts[c] > 0)
            b = fmin(b, sums[c] / counts[c]);
    }
    if (counts[labels[i]] < 2 || isinf(b) || fmax(a, b) == 0.0) return 0.0;
    return (b - a) / fmax(a, b);
}

double silhouette(double *sums, int *counts, const double *y, const int *labels, int N,
                  int classes) {
    double sum = 0.0;
    for (int c = 0; c < classes; c++) counts[c] = 0;
    for (int i = 0; i < N; i++) counts[labels[i]]++;
    for (int i = 0; i < N; i++) sum += silhouette_of(sums, counts, y, labels, i, N, classes);
    return sum / N;
}
