#include "chapters/06_sgatlin/exercises/train.h"
#include <math.h>
#include <string.h>

enum { MAX_D = 8 };

// Writes the gradients of the mean loss, which is returned.
static double compute_gradients(SgatlinLayer *l, const double *x, const double *target, int N) {
    const Sgatlin *s = &l->sizes;
    double y[MAX_D], dx[MAX_D], dy[MAX_D] = { 0 }, loss = 0.0;
    for (int i = 0; i < l->count; i++) l->gradients[i] = 0.0;
    for (int n = 0; n < N; n++, x += s->D) {
        sgatlin_forward(y, &l->saved, l->ints, x, &l->w, s);
        double error = y[0] - target[n];
        loss += error * error / N;
        dy[0] = 2.0 * error / N;
        sgatlin_backward(dx, &l->dw, l->scratch, dy, &l->saved, x, &l->w, s);
    }
    return loss;
}

static double train(SgatlinLayer *l, const double *x, const double *target, int N, int steps,
                    double rate) {
    for (int step = 0; step < steps; step++) {
        compute_gradients(l, x, target, N);
        for (int i = 0; i < l->count; i++) l->weights[i] -= rate * l->gradients[i];
    }
    double loss = compute_gradients(l, x, target, N);
    return isfinite(loss) ? loss : INFINITY;
}

int sweep(double *losses, SgatlinLayer *l, double *scratch, const double *x, const double *target,
          int N, int steps, const double *rates, int count) {
    double *initial = scratch, *best_weights = scratch + l->count;
    size_t bytes = (size_t)l->count * sizeof *initial;
    int best = 0;
    memcpy(initial, l->weights, bytes);
    for (int i = 0; i < count; i++) {
        memcpy(l->weights, initial, bytes);
        losses[i] = train(l, x, target, N, steps, rates[i]);
        if (i > 0 && losses[i] >= losses[best]) continue;
        best = i;
        memcpy(best_weights, l->weights, bytes);
    }
    memcpy(l->weights, best_weights, bytes);
    return best;
}
