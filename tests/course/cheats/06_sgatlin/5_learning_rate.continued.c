// Refused by every_rate_starts_alike: a run continues where the last one ended, if that was finite.
#define sweep right_sweep
#include "tests/course/solutions/06_sgatlin/5_learning_rate.c"
#undef sweep

int sweep(double *losses, SgatlinLayer *l, double *scratch, const double *x, const double *target,
          int N, int steps, const double *rates, int count) {
    double *start = scratch, *best_weights = scratch + l->count;
    size_t bytes = (size_t)l->count * sizeof *start;
    int best = 0;
    memcpy(start, l->weights, bytes);
    for (int i = 0; i < count; i++) {
        losses[i] = train(l, x, target, N, steps, rates[i]);
        if (i == 0 || losses[i] < losses[best]) {
            best = i;
            memcpy(best_weights, l->weights, bytes);
        }
        if (isfinite(losses[i])) memcpy(start, l->weights, bytes);
        memcpy(l->weights, start, bytes);
    }
    memcpy(l->weights, best_weights, bytes);
    return best;
}
