#include "chapters/02_mixture_of_experts/top_k.h"
#include <math.h>

// [order
bool ranks_higher(double score_i, int i, double score_j, int j) {
    if (isnan(score_i) != isnan(score_j)) return !isnan(score_i);
    if (score_i != score_j && !isnan(score_i)) return score_i > score_j;
    return i < j;
}
// order]

bool ranks_higher_in(const double *v, int i, int j) { return ranks_higher(v[i], i, v[j], j); }

// [top_k
long top_k(int *index, const double *v, int n, int K) {
    long comparisons = 0;
    int count = 0; // index[0 .. count-1] are the best so far, in order
    for (int i = 0; i < n; i++) {
        int rank = count;
        while (rank > 0) {
            comparisons++;
            if (!ranks_higher_in(v, i, index[rank - 1])) break;
            rank--;
        }
        if (rank == K) continue;
        if (count < K) count++;
        for (int k = count - 1; k > rank; k--) index[k] = index[k - 1];
        index[rank] = i;
    }
    return comparisons;
}
// top_k]
