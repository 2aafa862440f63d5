#include "reference/check/compare.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool finite_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7ff0000000000000u) != 0x7ff0000000000000u;
}

double root_mean_square(const double *x, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += x[i] * x[i];
    return count ? sqrt(sum / (double)count) : 0.0;
}

static bool counts_agree(Difference *out, const char *name, size_t actual, size_t expected) {
    *out = (Difference){ .count = expected };
    if (actual == expected && expected > 0) return true;
    snprintf(out->problem, sizeof out->problem, "%s: %zu values, expected %zu (and at least one)",
             name, actual, expected);
    return false;
}

static void note_bad(Difference *out, size_t i) {
    if (out->bad++ == 0) out->first_bad = i;
}

static bool verdict(Difference *out, const char *name, Values actual, Values expected) {
    if (out->bad == 0) return true;
    size_t i = out->first_bad;
    snprintf(
        out->problem, sizeof out->problem,
        "%s[%zu]: %.9g, expected %.9g within %.2g (%zu of %zu values are wrong, the worst by %.3g)",
        name, i, actual.items[i], expected.items[i], out->bound, out->bad, out->count, out->worst);
    return false;
}

static bool mean_agrees(Difference *out, const char *name, Tolerance tolerance) {
    double allowed = tolerance.mean * out->rms;
    if (tolerance.mean == 0.0 || out->mean <= allowed) return true;
    snprintf(out->problem, sizeof out->problem,
             "%s: the root mean square of the differences is %.2g, more than %.2g", name, out->mean,
             allowed);
    return false;
}

bool compare_values(Difference *out, const char *name, Values actual, Values expected,
                    Tolerance tolerance) {
    if (!counts_agree(out, name, actual.count, expected.count)) return false;
    bool finite = true;
    for (size_t i = 0; i < expected.count; i++) {
        if (finite_bits(actual.items[i]) && finite_bits(expected.items[i])) continue;
        finite = false;
        note_bad(out, i);
    }
    if (!finite) {
        out->worst = INFINITY;
        return verdict(out, name, actual, expected);
    }
    out->rms = root_mean_square(expected.items, expected.count);
    out->bound = tolerance.absolute + tolerance.relative * out->rms;
    double squares = 0.0;
    for (size_t i = 0; i < expected.count; i++) {
        double difference = fabs(actual.items[i] - expected.items[i]);
        if (difference > out->worst) out->worst = difference;
        if (!(difference <= out->bound)) note_bad(out, i); // a NaN bound accepts nothing
        squares += difference * difference;
    }
    out->mean = sqrt(squares / (double)expected.count);
    return verdict(out, name, actual, expected) && mean_agrees(out, name, tolerance);
}

bool compare_floats(Difference *out, const char *name, const float *actual, size_t actual_count,
                    Values expected, Tolerance tolerance) {
    double *wide = malloc((actual_count ? actual_count : 1) * sizeof *wide);
    if (wide == NULL) {
        *out = (Difference){ .count = expected.count };
        snprintf(out->problem, sizeof out->problem, "%s: out of memory for %zu values", name,
                 actual_count);
        return false;
    }
    for (size_t i = 0; i < actual_count; i++) wide[i] = actual[i];
    bool same = compare_values(out, name, (Values){ wide, actual_count }, expected, tolerance);
    free(wide);
    return same;
}

bool compare_ints(Difference *out, const char *name, const int32_t *actual, size_t actual_count,
                  const int32_t *expected, size_t expected_count) {
    if (!counts_agree(out, name, actual_count, expected_count)) return false;
    for (size_t i = 0; i < expected_count; i++) {
        double difference = fabs((double)actual[i] - (double)expected[i]);
        if (difference > out->worst) out->worst = difference;
        if (actual[i] != expected[i]) note_bad(out, i);
    }
    if (out->bad == 0) return true;
    size_t i = out->first_bad;
    snprintf(out->problem, sizeof out->problem, "%s[%zu]: %d, expected %d (%zu of %zu differ)",
             name, i, actual[i], expected[i], out->bad, out->count);
    return false;
}
