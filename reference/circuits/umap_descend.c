#include "reference/circuits/umap.h"
#include "reference/numbers/random.h"
#include "reference/numbers/vector.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_POINTS = 300, REPELLED = 5, LANES = 8 };

// ---- the curve

// One step of Gauss and Newton with damping (Levenberg 1944, Marquardt 1963). Returns the sum of
// squares at (a, b), and in *da, *db the step.
static double curve_step(double *da, double *db, const double *x, const double *y, UmapCurve curve,
                         double damping) {
    double aa = 0, ab = 0, bb = 0, ra = 0, rb = 0, squares = 0;
    for (int i = 0; i < CURVE_POINTS; i++) {
        double raised = pow(x[i], 2 * curve.b), f = 1 / (1 + curve.a * raised);
        double fa = -raised * f * f, fb = x[i] > 0 ? curve.a * fa * 2 * log(x[i]) : 0;
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

// x^b for x > 0 and an exponent near 1, to about 1e-6: powf takes a third of the time of a descent.
static inline float power(float x, float b) {
    // x = 2^n · m with m from sqrt(1/2) to sqrt(2), and Cephes' polynomial for log m
    int32_t bits, offset = 0x3f3504f3; // the bits of sqrt(1/2)
    memcpy(&bits, &x, sizeof bits);
    int32_t n = (bits - offset) >> 23;
    bits -= n * (1 << 23);
    float m;
    memcpy(&m, &bits, sizeof m);
    m -= 1;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    float log_m = m + m * m * (m * p - 0.5f);
    return exp_fast(b * (log_m + (float)n * 0.69314718f));
}

static inline float clip(float step) { return step > 4.0f ? 4.0f : step < -4.0f ? -4.0f : step; }

// Moves `point` towards `other`, or away from it.
static void attract(const Descent *descent, float point[2], const float other[2]) {
    float x = point[0] - other[0], y = point[1] - other[1], square = x * x + y * y;
    if (!(square > 0)) return;
    float raised = power(square, descent->b);
    float slope = -2 * descent->a * descent->b * raised / (square * (1 + descent->a * raised));
    point[0] += descent->rate * clip(slope * x);
    point[1] += descent->rate * clip(slope * y);
}

// Moves `point`, i, away from points drawn at random: each pushes from where it was before, so that
// their steps are computed side by side.
static void repel(const Descent *descent, float point[2], int i, uint64_t draw) {
    float x[LANES], y[LANES], weight[LANES], px = point[0], py = point[1];
    uint64_t N = (uint64_t)descent->graph->N;
    for (int s = 0; s < LANES; s++) {
        size_t far = s < REPELLED ? (size_t)random_below(descent->key, draw + (uint64_t)s, N) : 0;
        x[s] = px - descent->old[2 * far];
        y[s] = py - descent->old[2 * far + 1];
        weight[s] = s < REPELLED && far != (size_t)i ? descent->rate : 0;
    }
    float a = descent->a, b = descent->b, moved_x = 0, moved_y = 0;
#pragma omp simd reduction(+ : moved_x, moved_y)
    for (int s = 0; s < LANES; s++) {
        float square = x[s] * x[s] + y[s] * y[s];
        float slope = 2 * b / ((0.001f + square) * (1 + a * power(square, b)));
        moved_x += weight[s] * clip(slope * x[s]);
        moved_y += weight[s] * clip(slope * y[s]);
    }
    point[0] = px + moved_x;
    point[1] = py + moved_y;
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
    uint64_t edges = graph->start[graph->N];
    float point[2] = { descent->old[2 * (size_t)i], descent->old[2 * (size_t)i + 1] };
    for (size_t e = graph->start[i]; e < graph->start[i + 1]; e++) {
        if (!is_due(descent, graph->weight[e])) continue;
        const float *other = descent->old + 2 * (size_t)graph->other[e];
        attract(descent, point, other);
        attract(descent, point, other);
        repel(descent, point, i, ((uint64_t)descent->epoch * edges + e) * REPELLED);
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
