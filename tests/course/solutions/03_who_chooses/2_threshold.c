#include "chapters/02_mixture_of_experts/top_k.h"

double threshold(const double *score, int cells, int capacity, int *scratch) {
    top_k(scratch, score, cells, capacity);
    return score[scratch[capacity - 1]];
}

void choose_above(bool *chosen, const double *score, int cells, double lowest) {
    for (int i = 0; i < cells; i++) chosen[i] = score[i] >= lowest; // false for NaN
}
