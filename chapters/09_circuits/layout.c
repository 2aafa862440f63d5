#include "chapters/09_circuits/layout.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

// ---- the curve

enum { CURVE_POINTS = 300 };

// Σ of squared errors, and of the products that a Gauss-Newton step needs: by (log a, log b), so
// that both stay positive.
typedef struct {
    double error, aa, ab, bb, ea, eb;
} CurveSums;

static CurveSums curve_sums(LayoutCurve c, double min_dist, double spread) {
    CurveSums s = { 0 };
    for (int i = 0; i < CURVE_POINTS; i++) {
        double x = 3.0 * spread * i / (CURVE_POINTS - 1);
        double target = x < min_dist ? 1.0 : exp(-(x - min_dist) / spread);
        double power = c.a * pow(x, 2.0 * c.b), value = 1.0 / (1.0 + power);
        double slope = -power * value * value; // by log a
        double da = slope, db = x > 0.0 ? slope * 2.0 * c.b * log(x) : 0.0;
        double error = target - value;
        s.error += error * error;
        s.aa += da * da;
        s.ab += da * db;
        s.bb += db * db;
        s.ea += error * da;
        s.eb += error * db;
    }
    return s;
}

LayoutCurve layout_curve(double min_dist, double spread) {
    LayoutCurve c = { 1.0, 1.0 };
    CurveSums s = curve_sums(c, min_dist, spread);
    double damping = 1e-3; // Levenberg and Marquardt: shorter steps after one that made it worse
    for (int step = 0; step < 200; step++) {
        double aa = s.aa * (1.0 + damping), bb = s.bb * (1.0 + damping);
        double determinant = aa * bb - s.ab * s.ab;
        LayoutCurve next = { c.a * exp((bb * s.ea - s.ab * s.eb) / determinant),
                             c.b * exp((aa * s.eb - s.ab * s.ea) / determinant) };
        CurveSums sums = curve_sums(next, min_dist, spread);
        bool better = sums.error <= s.error;
        damping *= better ? 0.3 : 10.0;
        if (!better) continue;
        c = next;
        s = sums;
    }
    return c;
}

// ---- stochastic gradient descent

enum { NEGATIVES = 5 };

static double limited(double x) { return fmax(-4.0, fmin(4.0, x)); }

static double squared_distance(const double *a, const double *b) {
    double x = a[0] - b[0], y = a[1] - b[1];
    return x * x + y * y;
}

// The slopes of -log(certainty) and of -log(1 - certainty) by the squared distance d, times -2:
// what the difference of two points is multiplied by.
// [forces
static double pull(double d, const LayoutCurve *c) {
    if (d <= 0.0) return 0.0;
    double power = pow(d, c->b);
    return -2.0 * c->a * c->b * power / d / (1.0 + c->a * power);
}

static double push(double d, const LayoutCurve *c) {
    if (d <= 0.0) return 0.0;
    return 2.0 * c->b / ((0.001 + d) * (1.0 + c->a * pow(d, c->b)));
}

// Moves one point by a force along its difference to another; the other as far the opposite way.
static void move(double *point, double *other, double force, double rate) {
    for (int axis = 0; axis < 2; axis++) {
        double step = rate * limited(force * (point[axis] - other[axis]));
        point[axis] += step;
        other[axis] -= step;
    }
}
// forces]

static void move_alone(double *point, const double *other, double force, double rate) {
    double copy[2] = { other[0], other[1] };
    move(point, copy, force, rate);
}

static double largest_weight(const Edge *edges, int M) {
    double largest = 0.0;
    for (int e = 0; e < M; e++) largest = fmax(largest, edges[e].weight);
    return largest;
}

// [descent
void layout_optimise(double *y, double *due, const Edge *edges, int M, int N,
                     const LayoutCurve *curve, int epochs, uint64_t seed) {
    double largest = largest_weight(edges, M), *pull_due = due, *push_due = due + M;
    uint64_t key = random_key(seed, "negatives"), draw = 0;
    for (int e = 0; e < M; e++) {
        pull_due[e] = largest / edges[e].weight; // in epochs
        push_due[e] = pull_due[e] / NEGATIVES;
    }
    for (int epoch = 0; epoch < epochs; epoch++) {
        double rate = 1.0 - (double)epoch / epochs;
        for (int e = 0; e < M; e++) {
            double every = largest / edges[e].weight;
            if (every > epochs || pull_due[e] > epoch) continue;
            double *point = y + 2 * (size_t)edges[e].from, *other = y + 2 * (size_t)edges[e].to;
            move(point, other, pull(squared_distance(point, other), curve), rate);
            pull_due[e] += every;
            int pushes = (int)((epoch - push_due[e]) / (every / NEGATIVES));
            for (int p = 0; p < pushes; p++) {
                const double *random = y + 2 * random_below(key, draw++, (uint64_t)N);
                move_alone(point, random, push(squared_distance(point, random), curve), rate);
            }
            push_due[e] += pushes * every / NEGATIVES;
        }
    }
}
// descent]
