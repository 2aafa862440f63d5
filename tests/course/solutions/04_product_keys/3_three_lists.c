#include "chapters/04_product_keys/product_keys.h"

// A triple of ranks p, q, r is dominated by p·q·r triples, itself among them: it can be chosen only
// if p·q·r <= K.
int triple_candidates(int K) {
    int count = 0;
    for (int p = 1; p <= K; p++) {
        for (int q = 1; p * q <= K; q++) count += K / (p * q);
    }
    return count;
}

static int offer(double *score, int *index, int held, int K, double sum, int triple) {
    int place = held;
    while (place > 0 && ranks_higher(sum, triple, score[place - 1], index[place - 1])) place--;
    if (place == K) return held;
    if (held < K) held++;
    for (int k = held - 1; k > place; k--) {
        score[k] = score[k - 1];
        index[k] = index[k - 1];
    }
    score[place] = sum;
    index[place] = triple;
    return held;
}

void triple_top_k(double *score, int *index, const double *a, const double *b, const double *c,
                  int n, int K, int *scratch) {
    int *best_a = scratch, *best_b = scratch + K, *best_c = scratch + 2 * K, held = 0;
    top_k(best_a, a, n, K);
    top_k(best_b, b, n, K);
    top_k(best_c, c, n, K);
    for (int p = 1; p <= K; p++) {
        for (int q = 1; p * q <= K; q++) {
            for (int r = 1; p * q * r <= K; r++) {
                int i = best_a[p - 1], j = best_b[q - 1], l = best_c[r - 1];
                held = offer(score, index, held, K, a[i] + b[j] + c[l], (i * n + j) * n + l);
            }
        }
    }
}
