#include "chapters/08_equal_compute/best_size.h"
#include <math.h>
#include <stdbool.h>

static bool is_point(double parameters, double loss) {
    return isfinite(parameters) && parameters > 0.0 && isfinite(loss);
}

// Besides the parabola: the range of the sizes, and the lowest losses at both ends and in between.
typedef struct {
    double first, last;
    double lowest_first, lowest_inside, lowest_last, highest;
} Range;

static Range range_of(const double *parameters, const double *loss, int count) {
    Range r = { INFINITY, 0.0, INFINITY, INFINITY, INFINITY, 0.0 };
    for (int i = 0; i < count; i++) {
        if (!is_point(parameters[i], loss[i])) continue;
        r.first = fmin(r.first, parameters[i]);
        r.last = fmax(r.last, parameters[i]);
        r.highest = fmax(r.highest, fabs(loss[i]));
    }
    for (int i = 0; i < count; i++) {
        if (!is_point(parameters[i], loss[i])) continue;
        double *lowest = &r.lowest_inside;
        if (parameters[i] == r.last) lowest = &r.lowest_last;
        if (parameters[i] == r.first) lowest = &r.lowest_first;
        *lowest = fmin(*lowest, loss[i]);
    }
    return r;
}

// Least squares. 1, u and `curve` = u² − tilt·u − square are orthogonal over the points (u's mean
// is 0), so each one's coefficient is found by itself: Σ function·loss / Σ function².
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
    double tilt = u3 / u2, square = u2 / points, slope = 0, dot = 0, norm = 0;
    for (int i = 0; i < count; i++) {
        if (!is_point(parameters[i], loss[i])) continue;
        double u = log(parameters[i]) - u1, curve = u * u - tilt * u - square;
        slope += u * (loss[i] - mean) / u2;
        dot += curve * (loss[i] - mean);
        norm += curve * curve;
    }
    double c = dot / norm;
    *out = (Parabola){ .center = u1, .a = mean - c * square, .b = slope - c * tilt, .c = c };
}

double parabola_loss(const Parabola *parabola, double parameters) {
    double u = log(parameters) - parabola->center;
    return parabola->a + parabola->b * u + parabola->c * u * u;
}

BestSizeVerdict best_size(Parabola *out, const double *parameters, const double *loss, int count) {
    Range r = range_of(parameters, loss, count);
    *out = (Parabola){ .parameters = NAN, .loss = NAN };
    if (!isfinite(r.lowest_inside)) return BEST_SIZE_TOO_FEW; // no size between the ends
    fit(out, parameters, loss, count);
    out->parameters = out->loss = NAN;
    for (int i = 0; i < count; i++) {
        if (is_point(parameters[i], loss[i]))
            out->worst = fmax(out->worst, fabs(loss[i] - parabola_loss(out, parameters[i])));
    }
    double width = log(r.last / r.first), curvature = out->c * width * width;
    // not more than rounding errors
    if (!isfinite(curvature) || curvature <= 1e-12 * r.highest) return BEST_SIZE_NO_MINIMUM;
    // [verdict
    out->parameters = exp(out->center - out->b / (2 * out->c));
    out->loss = out->a - out->b * out->b / (4 * out->c);
    if (out->parameters <= r.first || r.lowest_first < fmin(r.lowest_inside, r.lowest_last))
        return BEST_SIZE_BELOW;
    if (out->parameters >= r.last || r.lowest_last < r.lowest_inside) return BEST_SIZE_ABOVE;
    return BEST_SIZE_FOUND;
    // verdict]
}
