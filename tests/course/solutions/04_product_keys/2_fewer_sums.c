#include "chapters/04_product_keys/product_keys.h"

typedef double PairSum(void *lists, int i, int j);

// Inserts a sum into the sorted list of `count` <= K; returns the new count.
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

void fewer_sums_top_k(double *score, int *index, const int *best_a, const int *best_b, int n, int K,
                      PairSum *sum, void *lists) {
    int count = 0;
    for (int rank_a = 1; rank_a <= K; rank_a++) {
        for (int rank_b = 1; rank_a * rank_b <= K; rank_b++) {
            int i = best_a[rank_a - 1], j = best_b[rank_b - 1];
            double s = sum(lists, i, j);
            // so are all to its right, and if it is the row's first, all below
            if (count == K && s < score[K - 1]) {
                if (rank_b == 1) return;
                break;
            }
            count = offer(score, index, count, K, s, i * n + j);
        }
    }
}
