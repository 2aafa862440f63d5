#include "chapters/09_circuits/spectral.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stddef.h>

static double dot(const double *a, const double *b, int N) {
    double sum = 0.0;
    for (int i = 0; i < N; i++) sum += a[i] * b[i];
    return sum;
}

// v -= its part in the direction of unit [N], which has length 1.
static void remove_part(double *v, const double *unit, int N) {
    double part = dot(v, unit, N);
    for (int i = 0; i < N; i++) v[i] -= part * unit[i];
}

static void make_unit(double *v, int N) {
    double length = sqrt(dot(v, v, N));
    for (int i = 0; i < N && length > 0.0; i++) v[i] /= length;
}

// next = (v + D^-1/2 W D^-1/2 v) / 2
static void multiply(double *next, const double *v, const double *root, const Edge *edges, int M,
                     int N) {
    for (int i = 0; i < N; i++) next[i] = v[i] / 2.0;
    for (int e = 0; e < M; e++) {
        int i = edges[e].from, j = edges[e].to;
        next[i] += edges[e].weight / (root[i] * root[j]) * v[j] / 2.0;
    }
}

static double largest_change(const double *a, const double *b, int N) {
    double largest = 0.0;
    for (int i = 0; i < N; i++) largest = fmax(largest, fabs(a[i] - b[i]));
    return largest;
}

// [spectral
void spectral_vectors(double *vectors, double *scratch, const Edge *edges, int M, int N,
                      uint64_t seed) {
    double *root = scratch, *trivial = scratch + N, *next = scratch + 2 * (size_t)N;
    for (int i = 0; i < N; i++) root[i] = 0.0;
    for (int e = 0; e < M; e++) root[edges[e].from] += edges[e].weight;
    for (int i = 0; i < N; i++) trivial[i] = root[i] = sqrt(root[i]);
    make_unit(trivial, N);
    uint64_t key = random_key(seed, "spectral");
    for (int i = 0; i < 2 * N; i++) vectors[i] = random_normal(key, (uint64_t)i);
    double change = 1.0;
    for (int step = 0; step < 1000 && change > 1e-7; step++) {
        change = 0.0;
        for (int axis = 0; axis < 2; axis++) {
            double *v = vectors + (size_t)axis * N, *new = next + (size_t)axis *N;
            multiply(new, v, root, edges, M, N);
            remove_part(new, trivial, N);
            if (axis == 1) remove_part(new, next, N);
            make_unit(new, N);
            change = fmax(change, largest_change(v, new, N));
        }
        for (int i = 0; i < 2 * N; i++) vectors[i] = next[i];
    }
}
// spectral]

void spectral_start(double *y, const double *vectors, int N, uint64_t seed) {
    double largest = 0.0;
    uint64_t key = random_key(seed, "noise");
    for (int i = 0; i < 2 * N; i++) largest = fmax(largest, fabs(vectors[i]));
    double scale = largest > 0.0 ? 10.0 / largest : 0.0;
    for (int axis = 0; axis < 2; axis++) {
        double low = INFINITY, high = -INFINITY;
        for (int i = 0; i < N; i++) {
            double noise = 1e-4 * random_normal(key, (uint64_t)axis * (uint64_t)N + (uint64_t)i);
            double value = scale * vectors[(size_t)axis * N + i] + noise;
            y[2 * i + axis] = value;
            low = fmin(low, value);
            high = fmax(high, value);
        }
        for (int i = 0; i < N && high > low; i++)
            y[2 * i + axis] = 10.0 * (y[2 * i + axis] - low) / (high - low);
    }
}
