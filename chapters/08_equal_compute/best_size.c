#include "chapters/08_equal_compute/best_size.h"
#include <math.h>
#include <stdbool.h>

static bool is_point(double parameters, double loss) {
    return isfinite(parameters) && parameters > 0.0 && isfinite(loss);
}

// What is asked of the points beside the parabola: how far they reach, and the lowest loss at both
// ends and inside.
typedef struct {
    double first, last;
    double lowest_first, lowest_inside, lowest_last, highest;
} Reach;

static Reach reach_of(const double *parameters, const double *loss, int count) {
    Reach r = { INFINITY, 0.0, INFINITY, INFINITY, INFINITY, 0.0 };
    for (int i = 0; i < count; i++) {
        if (!is_point(parameters[i], loss[i])) continue;
        r.first = fmin(r.first, parameters[i]);
        r.last = fmax(r.last, parameters[i]);
        r.highest = fmax(r.highest, fabs(loss[i]));
    }
    for (int i = 0; i < count; i++) {
        if (!is_point(parameters[i], loss[i])) continue;
        double *lowest = parameters[i] == r.first  ? &r.lowest_first
                         : parameters[i] == r.last ? &r.lowest_last
                                                   : &r.lowest_inside;
        *lowest = fmin(*lowest, loss[i]);
    }
    return r;
}

// Least squares. 1, u and `bend` = u² − tilt·u − square have nothing in common over the points (u's
// mean is 0), so each one's share of the losses is found alone: Σ share·loss / Σ share².
static void fit(Parabola *out, const double *parameters, const double *loss, int count) {
    double points = 0, u1 = 0, u2 = 0, u3 = 0, mean = 0;
    for (int i = 0; i < count; i++) {
        if (!is_point(parameters[i], loss[i])) continue;
        points++;
        u1 += (log(parameters[i]) - u1) / points;
        mean += (loss[i] - mean) / points;
    }
    for (int i = 0; i < count; i++) {
        if (!is_point(parameters[i], loss[i])) continue;
        double u = log(parameters[i]) - u1;
        u2 += u * u;
        u3 += u * u * u;
    }
    double tilt = u3 / u2, square = u2 / points, along = 0, bent = 0, bend2 = 0;
    for (int i = 0; i < count; i++) {
        if (!is_point(parameters[i], loss[i])) continue;
        double u = log(parameters[i]) - u1, bend = u * u - tilt * u - square;
        along += u * (loss[i] - mean) / u2;
        bent += bend * (loss[i] - mean);
        bend2 += bend * bend;
    }
    double c = bent / bend2;
    *out = (Parabola){ .middle = u1, .a = mean - c * square, .b = along - c * tilt, .c = c };
}

double parabola_loss(const Parabola *valley, double parameters) {
    double u = log(parameters) - valley->middle;
    return valley->a + valley->b * u + valley->c * u * u;
}

// [verdict
BestSizeVerdict best_size(Parabola *out, const double *parameters, const double *loss, int count) {
    Reach r = reach_of(parameters, loss, count);
    *out = (Parabola){ .parameters = NAN, .loss = NAN };
    if (!isfinite(r.lowest_inside)) return BEST_SIZE_TOO_FEW; // nothing between the ends
    fit(out, parameters, loss, count);
    out->parameters = out->loss = NAN;
    for (int i = 0; i < count; i++) {
        if (is_point(parameters[i], loss[i]))
            out->worst = fmax(out->worst, fabs(loss[i] - parabola_loss(out, parameters[i])));
    }
    double wide = log(r.last / r.first), bend = out->c * wide * wide;
    // no more of a bend than rounding makes
    if (!isfinite(bend) || bend <= 1e-12 * r.highest) return BEST_SIZE_NO_MINIMUM;
    out->parameters = exp(out->middle - out->b / (2 * out->c));
    out->loss = out->a - out->b * out->b / (4 * out->c);
    if (out->parameters <= r.first || r.lowest_first < fmin(r.lowest_inside, r.lowest_last))
        return BEST_SIZE_BELOW;
    if (out->parameters >= r.last || r.lowest_last < r.lowest_inside) return BEST_SIZE_ABOVE;
    return BEST_SIZE_FOUND;
}
// verdict]
