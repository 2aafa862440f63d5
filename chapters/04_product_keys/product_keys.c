#include "chapters/04_product_keys/product_keys.h"
#include <stddef.h>

void key_scores(double *score, const double *query, const double *keys, int n, int Dk) {
    for (int i = 0; i < n; i++) {
        score[i] = 0.0;
        for (int d = 0; d < Dk; d++) score[i] += query[d] * keys[(size_t)i * Dk + d];
    }
}

// The best pairs so far, as in top_k, but with their scores, because no array holds the sums.
typedef struct {
    double *score;
    int *index, count, K;
    long comparisons;
} Best;

static void offer(Best *best, double score, int index) {
    int rank = best->count;
    while (rank > 0 && ranks_higher(score, index, best->score[rank - 1], best->index[rank - 1]))
        rank--;
    best->comparisons += best->count - rank + (rank > 0);
    if (rank == best->K) return;
    if (best->count < best->K) best->count++;
    for (int k = best->count - 1; k > rank; k--) {
        best->score[k] = best->score[k - 1];
        best->index[k] = best->index[k - 1];
    }
    best->score[rank] = score;
    best->index[rank] = index;
}

long all_pairs_top_k(double *score, int *index, const double *a, const double *b, int n, int K) {
    Best best = { .score = score, .index = index, .K = K };
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) offer(&best, a[i] + b[j], i * n + j);
    }
    return best.comparisons;
}

long square_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                  int *scratch) {
    Best best = { .score = score, .index = index, .K = K };
    int *best_a = scratch, *best_b = scratch + K;
    long comparisons = top_k(best_a, a, n, K) + top_k(best_b, b, n, K);
    for (int p = 0; p < K; p++) {
        for (int q = 0; q < K; q++)
            offer(&best, a[best_a[p]] + b[best_b[q]], best_a[p] * n + best_b[q]);
    }
    return comparisons + best.comparisons;
}

// [product
long product_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                   int *scratch) {
    Best best = { .score = score, .index = index, .K = K };
    int *best_a = scratch, *best_b = scratch + K;
    long comparisons = top_k(best_a, a, n, K) + top_k(best_b, b, n, K);
    for (int rank_a = 1; rank_a <= K; rank_a++) {
        for (int rank_b = 1; rank_a * rank_b <= K; rank_b++) {
            int i = best_a[rank_a - 1], j = best_b[rank_b - 1];
            offer(&best, a[i] + b[j], i * n + j);
        }
    }
    return comparisons + best.comparisons;
}
// product]

int product_candidates(int K) {
    int count = 0;
    for (int rank_a = 1; rank_a <= K; rank_a++) count += K / rank_a;
    return count;
}

void product_backward(double *da, double *db, const double *dscore, const int *index, int n,
                      int K) {
    for (int k = 0; k < K; k++) {
        da[index[k] / n] += dscore[k];
        db[index[k] % n] += dscore[k];
    }
}
