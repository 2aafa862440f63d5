#include "chapters/09_circuits/neighbours.h"
#include "chapters/02_mixture_of_experts/top_k.h"
#include <math.h>
#include <stddef.h>

static double ratio(double dot, double a_squared, double b_squared) {
    return a_squared > 0.0 && b_squared > 0.0 ? dot / sqrt(a_squared * b_squared) : 0.0;
}

static double squared_length(const double *x, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) sum += x[i] * x[i];
    return sum;
}

// [cosines
void sparse_cosines(double *cosines, double *dense, const double *score, const int *index,
                    const double *scores, const int *indices, int N, int K, int F) {
    for (int f = 0; f < F; f++) dense[f] = 0.0;
    for (int k = 0; k < K; k++) dense[index[k]] = score[k];
    double own = squared_length(score, K);
    for (int i = 0; i < N; i++) {
        const double *other = scores + (size_t)i * K;
        const int *other_index = indices + (size_t)i * K;
        double dot = 0.0;
        for (int k = 0; k < K; k++) dot += other[k] * dense[other_index[k]];
        cosines[i] = ratio(dot, own, squared_length(other, K));
    }
}
// cosines]

void dense_cosines(double *cosines, const double *x, const double *xs, int N, int D) {
    double own = squared_length(x, D);
    for (int i = 0; i < N; i++) {
        const double *other = xs + (size_t)i * D;
        double dot = 0.0;
        for (int d = 0; d < D; d++) dot += x[d] * other[d];
        cosines[i] = ratio(dot, own, squared_length(other, D));
    }
}

// [nearest
void nearest(int *index, double *distance, const double *cosines, int self, int N, int k) {
    int others = 0;
    if (self >= 0) {
        index[0] = self;
        distance[0] = 0.0;
        others = 1;
    }
    int count = others; // the best so far, in order
    for (int i = 0; i < N; i++) {
        int rank = count;
        while (rank > others && ranks_higher_in(cosines, i, index[rank - 1])) rank--;
        if (i == self || rank == k) continue;
        if (count < k) count++;
        for (int j = count - 1; j > rank; j--) index[j] = index[j - 1];
        index[rank] = i;
    }
    for (int j = others; j < k; j++) distance[j] = 1.0 - cosines[index[j]];
}
// nearest]

void all_neighbours(int *neighbours, double *distances, double *scratch, const double *scores,
                    const int *indices, int N, int K, int F, int k) {
    double *cosines = scratch, *dense = scratch + N;
    for (int i = 0; i < N; i++) {
        size_t row = (size_t)i * K;
        sparse_cosines(cosines, dense, scores + row, indices + row, scores, indices, N, K, F);
        nearest(neighbours + (size_t)i * k, distances + (size_t)i * k, cosines, i, N, k);
    }
}
