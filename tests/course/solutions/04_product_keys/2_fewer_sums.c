#include "chapters/04_product_keys/product_keys.h"

// Puts one sum into the sorted list of `held`; returns how many it holds then.
static int offer(double *score, int *index, int held, int K, double sum, int pair) {
    int place = held;
    while (place > 0 && ranks_higher(sum, pair, score[place - 1], index[place - 1])) place--;
    if (place == K) return held;
    if (held < K) held++;
    for (int k = held - 1; k > place; k--) {
        score[k] = score[k - 1];
        index[k] = index[k - 1];
    }
    score[place] = sum;
    index[place] = pair;
    return held;
}

long fewer_sums_top_k(double *score, int *index, const double *a, const double *b, int n, int K,
                      int *scratch) {
    int *best_a = scratch, *best_b = scratch + K, held = 0;
    long sums = 0;
    top_k(best_a, a, n, K);
    top_k(best_b, b, n, K);
    for (int p = 1; p <= K; p++) {
        for (int q = 1; p * q <= K; q++) {
            int i = best_a[p - 1], j = best_b[q - 1];
            double sum = a[i] + b[j];
            sums++;
            // so are all to its right; if it is the row's first, all below too
            if (held == K && sum < score[K - 1]) {
                if (q == 1) return sums;
                break;
            }
            held = offer(score, index, held, K, sum, i * n + j);
        }
    }
    return sums;
}
