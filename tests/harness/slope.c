#include "tests/harness/slope.h"
#include "reference/numbers/random.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void slope_direction(double *out, size_t count, double size, bool single, uint64_t key) {
    for (size_t i = 0; i < count; i++) out[i] = single ? 0.0 : size * random_normal(key, i);
    if (single) out[random_below(key, 0, count)] = 3 * size;
}

double slope_error(const Slope *slope, const double *direction, double step) {
    double *values = malloc(slope->count * sizeof *values), loss[2];
    double expected = 0.0, gradient_square = 0.0, step_square = 0.0;
    bool same = true;
    ck_assert_ptr_nonnull(values);
    for (int side = 0; side < 2; side++) {
        double sign = side == 0 ? -1.0 : 1.0;
        for (size_t i = 0; i < slope->count; i++) {
            // The step that is really taken: rounded to float.
            values[i] = (float)(slope->base[i] + sign * step * direction[i]);
            expected += sign * slope->gradient[i] * values[i];
            step_square += 2 * pow(values[i] - slope->base[i], 2); // of both sides together
        }
        slope->set(slope->context, values);
        same = slope->loss(slope->context, &loss[side]) && same;
    }
    for (size_t i = 0; i < slope->count; i++) gradient_square += pow(slope->gradient[i], 2);
    slope->set(slope->context, slope->base);
    free(values);
    if (!same) return NAN;
    return fabs(loss[1] - loss[0] - expected) / fmax(sqrt(gradient_square * step_square), 1e-12);
}
