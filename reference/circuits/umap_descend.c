#include "reference/circuits/umap.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_POINTS = 300, REPELLED = 5 };

// ---- the curve

// One step of Gauss and Newton with damping (Levenberg 1944, Marquardt 1963). Returns the sum of
// squares at (a, b), and in *da, *db the step.
static double curve_step(double *da, double *db, const double *x, const double *y, UmapCurve curve,
                         double damping) {
    double aa = 0, ab = 0, bb = 0, ra = 0, rb = 0, squares = 0;
    for (int i = 0; i < CURVE_POINTS; i++) {
        double power = pow(x[i], 2 * curve.b), f = 1 / (1 + curve.a * power);
        double fa = -power * f * f, fb = x[i] > 0 ? curve.a * fa * 2 * log(x[i]) : 0;
        double rest = y[i] - f;
        aa += fa * fa;
        ab += fa * fb;
        bb += fb * fb;
        ra += fa * rest;
        rb += fb * rest;
        squares += rest * rest;
    }
    aa *= 1 + damping;
    bb *= 1 + damping;
    double determinant = aa * bb - ab * ab;
    *da = (bb * ra - ab * rb) / determinant;
    *db = (aa * rb - ab * ra) / determinant;
    return squares;
}

UmapCurve umap_curve(double min_dist, double spread) {
    double x[CURVE_POINTS], y[CURVE_POINTS], da, db, unused[2];
    for (int i = 0; i < CURVE_POINTS; i++) {
        x[i] = 3 * spread * i / (CURVE_POINTS - 1);
        y[i] = x[i] < min_dist ? 1 : exp(-(x[i] - min_dist) / spread);
    }
    UmapCurve curve = { 1, 1 };
    double damping = 1e-3;
    for (int step = 0; step < 200; step++) {
        double squares = curve_step(&da, &db, x, y, curve, damping);
        UmapCurve next = { curve.a + da, curve.b + db };
        if (curve_step(&unused[0], &unused[1], x, y, next, 0) <= squares) {
            curve = next;
            damping /= 10;
        } else {
            damping *= 10;
        }
    }
    return curve;
}

// ---- descent

typedef struct {
    const UmapGraph *graph;
    const float *old; // [N,2]: the others' places in this epoch
    float a, b;
    float largest; // weight
    float rate;
    int epoch;
    uint64_t key;
} Descent;

static float clip(float step) { return step > 4.0f ? 4.0f : step < -4.0f ? -4.0f : step; }

// Moves `point` towards `other`, or away from it.
static void attract(const Descent *descent, float point[2], const float other[2]) {
    float x = point[0] - other[0], y = point[1] - other[1], square = x * x + y * y;
    if (!(square > 0)) return;
    float power = powf(square, descent->b);
    float slope = -2 * descent->a * descent->b * power / (square * (1 + descent->a * power));
    point[0] += descent->rate * clip(slope * x);
    point[1] += descent->rate * clip(slope * y);
}

static void repel(const Descent *descent, float point[2], const float other[2]) {
    float x = point[0] - other[0], y = point[1] - other[1], square = x * x + y * y;
    if (!(square > 0)) return;
    float slope =
        2 * descent->b / ((0.001f + square) * (1 + descent->a * powf(square, descent->b)));
    point[0] += descent->rate * clip(slope * x);
    point[1] += descent->rate * clip(slope * y);
}

// Whether an edge is due: an edge of weight w is so in w / largest of the epochs, evenly spread.
static bool is_due(const Descent *descent, float weight) {
    double share = (double)weight / (double)descent->largest;
    return floor((descent->epoch + 1) * share) > floor(descent->epoch * share);
}

// Each edge is there in both directions, and each would move both ends: so a point moves twice for
// each of its own.
static void move_point(float out[2], const Descent *descent, int i) {
    const UmapGraph *graph = descent->graph;
    uint64_t N = (uint64_t)graph->N, edges = graph->start[graph->N];
    float point[2] = { descent->old[2 * (size_t)i], descent->old[2 * (size_t)i + 1] };
    for (size_t e = graph->start[i]; e < graph->start[i + 1]; e++) {
        if (!is_due(descent, graph->weight[e])) continue;
        const float *other = descent->old + 2 * (size_t)graph->other[e];
        attract(descent, point, other);
        attract(descent, point, other);
        uint64_t draw = ((uint64_t)descent->epoch * edges + e) * REPELLED;
        for (int s = 0; s < REPELLED; s++) {
            size_t far = (size_t)random_below(descent->key, draw + (uint64_t)s, N);
            if (far != (size_t)i) repel(descent, point, descent->old + 2 * far);
        }
    }
    out[0] = point[0];
    out[1] = point[1];
}

static float largest_weight(const UmapGraph *graph) {
    float largest = 0;
    for (size_t e = 0; e < graph->start[graph->N]; e++) largest = fmaxf(largest, graph->weight[e]);
    return largest;
}

bool umap_descend(float *xy, const UmapGraph *graph, const UmapCurve *curve, int epochs,
                  uint64_t seed, Error *error) {
    size_t size = 2 * (size_t)graph->N;
    float *old = malloc((size + 1) * sizeof *old);
    if (old == NULL) return fail(error, "out of memory for the layout of %d points", graph->N);
    Descent descent = { .graph = graph,
                        .old = old,
                        .a = (float)curve->a,
                        .b = (float)curve->b,
                        .largest = largest_weight(graph),
                        .key = random_key(seed, "repel") };
    for (descent.epoch = 0; descent.epoch < epochs; descent.epoch++) {
        descent.rate = 1 - (float)descent.epoch / (float)epochs;
        memcpy(old, xy, size * sizeof *old);
#pragma omp parallel for schedule(dynamic, 64)
        for (int i = 0; i < graph->N; i++) move_point(xy + 2 * (size_t)i, &descent, i);
    }
    free(old);
    return true;
}
