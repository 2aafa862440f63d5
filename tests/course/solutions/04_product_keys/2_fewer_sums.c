#include "chapters/04_product_keys/product_keys.h"

// Inserts a sum into the sorted list of `count`; returns the new count.
static int offer(double *score, int *index, int count, int K, double sum, int pair) {
    int rank = count;
    while (rank > 0 && ranks_higher(sum, pair, score[rank - 1], index[rank - 1])) rank--;
    if (rank == K) return count;
    if (count < K) count++;
    for (int k = count - 1; k > rank; k--) {
        score[k] = score[k - 1];
        index[k] = index[k - 1];
    }
    score[rank] = sum;
    index[rank] = pair;
    return count;
}

long fewer_sums_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                      int *scratch) {
    int *best_a = scratch, *best_b = scratch + K, count = 0;
    long sums = 0;
    top_k(best_a, a, n, K);
    top_k(best_b, b, n, K);
    for (int p = 1; p <= K; p++) {
        for (int q = 1; p * q <= K; q++) {
            int i = best_a[p - 1], j = best_b[q - 1];
            double sum = a[i] + b[j];
            sums++;
            // so are all to its right, and if it is the row's first, all below
            if (count == K && sum < score[K - 1]) {
                if (q == 1) return sums;
                break;
            }
            count = offer(score, index, count, K, sum, i * n + j);
        }
    }
    return sums;
}
