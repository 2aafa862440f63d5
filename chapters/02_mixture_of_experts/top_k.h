#ifndef CHAPTERS_02_MIXTURE_OF_EXPERTS_TOP_K_H
#define CHAPTERS_02_MIXTURE_OF_EXPERTS_TOP_K_H
#include <stdbool.h>

// The order of every selection in this course: the higher score first, equal scores by the lower
// index, NaN after every number. True if candidate i with score_i comes before candidate j with
// score_j.
bool ranks_higher(double score_i, int i, double score_j, int j);
bool ranks_higher_in(const double *v, int i, int j); // the same for v[i] and v[j]

// index [K] = the indices of the K highest of v [n], highest first. 1 <= K <= n. Returns the number
// of comparisons made.
long top_k(int *index, const double *v, int n, int K);
#endif
