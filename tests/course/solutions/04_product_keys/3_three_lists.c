#include "chapters/04_product_keys/product_keys.h"

// A triple of ranks p, q, r is dominated by p·q·r triples, including itself: it can be chosen only
// if p·q·r <= K.
int triple_candidates(int K) {
    int count = 0;
    for (int p = 1; p <= K; p++) {
        for (int q = 1; p * q <= K; q++) count += K / (p * q);
    }
    return count;
}

static int offer(double *score, int *index, int count, int K, double sum, int triple) {
    int rank = count;
    while (rank > 0 && ranks_higher(sum, triple, score[rank - 1], index[rank - 1])) rank--;
    if (rank == K) return count;
    if (count < K) count++;
    for (int k = count - 1; k > rank; k--) {
        score[k] = score[k - 1];
        index[k] = index[k - 1];
    }
    score[rank] = sum;
    index[rank] = triple;
    return count;
}

void triple_top_k(double *score, int *index, const double *a, const double *b, const double *c,
                  int n, int K, int *scratch) {
    int *best_a = scratch, *best_b = scratch + K, *best_c = scratch + 2 * K, count = 0;
    top_k(best_a, a, n, K);
    top_k(best_b, b, n, K);
    top_k(best_c, c, n, K);
    for (int p = 1; p <= K; p++) {
        for (int q = 1; p * q <= K; q++) {
            for (int r = 1; p * q * r <= K; r++) {
                int i = best_a[p - 1], j = best_b[q - 1], l = best_c[r - 1];
                count = offer(score, index, count, K, a[i] + b[j] + c[l], (i * n + j) * n + l);
            }
        }
    }
}
