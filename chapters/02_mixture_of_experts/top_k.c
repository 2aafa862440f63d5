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
    int held = 0; // index[0 .. held-1] are the best so far, in order
    for (int i = 0; i < n; i++) {
        int place = held;
        while (place > 0 && ranks_higher_in(v, i, index[place - 1])) place--;
        // it passed held - place, and stopped at one unless at the top
        comparisons += held - place + (place > 0);
        if (place == K) continue;
        if (held < K) held++;
        for (int k = held - 1; k > place; k--) index[k] = index[k - 1];
        index[place] = i;
    }
    return comparisons;
}
// top_k]
