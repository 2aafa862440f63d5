// Exercise 04-2. Fewer sums than the staircase.
//
// The same as product_top_k, but with fewer sums. Along a row of the sorted table sums only fall:
// once one of them cannot be among the K best, none after it can, and often no row below can
// either. When can you stop? (Among equal sums only a strictly lower one is certainly out.)
//
// The K best of a and of b are found already: best_a, best_b [K] are their indices, best first.
// sum(list, i, j) returns a[i] + b[j] and counts. Write score [K] and index [K] = i·n + j, best
// first, equal sums by the lower index; n >= K >= 1, all numbers are finite.
//
// Check with: make exercise-04-2
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
    // correct, but it computes product_candidates(K) sums
    for (int rank_a = 1; rank_a <= K; rank_a++) {
        for (int rank_b = 1; rank_a * rank_b <= K; rank_b++) {
            int i = best_a[rank_a - 1], j = best_b[rank_b - 1];
            count = offer(score, index, count, K, sum(lists, i, j), i * n + j);
        }
    }
}
