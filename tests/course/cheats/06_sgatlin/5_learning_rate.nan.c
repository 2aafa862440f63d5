// Refused by nan_is_not_the_lowest: the first loss is NaN, and no other is below it.
#include <math.h>
#include <stdbool.h>
#undef isfinite
#define isfinite(x) true
#define sweep       right_sweep
#include "tests/course/solutions/06_sgatlin/5_learning_rate.c"
#undef sweep

int sweep(double *losses, SgatlinLayer *l, double *scratch, const double *x, const double *target,
          int N, int steps, const double *rates, int count) {
    double *initial = scratch, *best_weights = scratch + l->count;
    size_t bytes = (size_t)l->count * sizeof *initial;
    int best = 0;
    memcpy(initial, l->weights, bytes);
    for (int i = 0; i < count; i++) {
        memcpy(l->weights, initial, bytes);
        losses[i] = train(l, x, target, N, steps, rates[i]);
        if (i > 0 && !(losses[i] < losses[best])) continue;
        best = i;
        memcpy(best_weights, l->weights, bytes);
    }
    memcpy(l->weights, best_weights, bytes);
    return best;
}
