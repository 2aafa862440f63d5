// Exercise 03-2. A threshold in place of a pool.
//
// In the end a pool takes every pair above some score, and only that score depends on who else was
// there. So remember it: who writes word by word can use the threshold of other texts, and look at
// no later word.
//
// threshold: the lowest score that a pool of these cells takes, of score [cells] (no two alike; NaN
// is taken last), where 1 <= places <= cells. scratch: cells ints. choose_above: chosen [cells] is
// true where a score is at least the threshold.
#include "chapters/02_mixture_of_experts/top_k.h"

double threshold(const double *score, int cells, int places, int *scratch) {
    (void)score, (void)cells, (void)places, (void)scratch;
    return 0.0; // yours to write
}

void choose_above(bool *chosen, const double *score, int cells, double lowest) {
    (void)score, (void)lowest;
    for (int i = 0; i < cells; i++) chosen[i] = true; // yours to write
}
