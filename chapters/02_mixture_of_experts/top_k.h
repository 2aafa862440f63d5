#ifndef CHAPTER_02_TOP_K_H
#define CHAPTER_02_TOP_K_H
#include <stdbool.h>

// The one rule of every choice: the higher score first, equal scores by the lower index, NaN behind
// every number. True: candidate i with score_i comes before candidate j with score_j.
bool ranks_higher(double score_i, int i, double score_j, int j);
bool ranks_higher_in(const double *v, int i, int j); // the same within one array: v[i] before v[j]

// index [K] = where the K highest of v [n] stand, highest first. 1 <= K <= n. Returns how many
// comparisons it made, for those who count.
long top_k(int *index, const double *v, int n, int K);
#endif
