#ifndef CHAPTER_07_TEST_SLOPES_H
#define CHAPTER_07_TEST_SLOPES_H
#include "reference/support/error.h" // before check.h, which has a macro of the name fail
#include "reference/support/random.h"
#include "tests/support/compare.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// Finite differences: gradient [count] must be how fast objective(context) changes with each of x [count], to 1e-6 of
// its rms. The central difference with a step of 2e-6 is itself right to about 1e-8.
typedef double Objective(void *context);

static inline void check_slopes(const char *name, double *x, const double *gradient, size_t count, Objective *objective,
                                void *context) {
    double *slope = malloc(count * sizeof *slope);
    ck_assert_ptr_nonnull(slope);
    for (size_t i = 0; i < count; i++) {
        double here = x[i], step = 2e-6;
        x[i] = here + step;
        double above = objective(context);
        x[i] = here - step;
        slope[i] = (above - objective(context)) / (2 * step);
        x[i] = here;
    }
    Difference difference;
    bool same = compare_values(&difference, name, (Values){ gradient, count }, (Values){ slope, count },
                               (Tolerance){ .absolute = 1e-12, .relative = 1e-6 });
    if (getenv("MEASURE")) fprintf(stderr, "%-34s %.1e of rms\n", name, difference.worst / difference.rms);
    ck_assert_msg(same, "%s", difference.problem);
    free(slope);
}

static inline void fill(double *x, size_t count, double deviation, const char *name) {
    uint64_t key = random_key(7, name);
    for (size_t i = 0; i < count; i++) x[i] = deviation * random_normal(key, i);
}

static inline double weighted_sum(const double *y, const double *dy, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += y[i] * dy[i];
    return sum;
}
#endif
