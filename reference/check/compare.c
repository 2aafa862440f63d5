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

static bool counts_agree(Difference *out, const char *name, size_t got, size_t want) {
    *out = (Difference){ .count = want };
    if (got == want && want > 0) return true;
    snprintf(out->problem, sizeof out->problem, "%s: %zu values, expected %zu (and at least one)",
             name, got, want);
    return false;
}

// first_bad is only meaningful where bad > 0.
static void note_bad(Difference *out, size_t i) {
    if (out->bad++ == 0) out->first_bad = i;
}

static bool verdict(Difference *out, const char *name, Values got, Values want) {
    if (out->bad == 0) return true;
    size_t i = out->first_bad;
    snprintf(
        out->problem, sizeof out->problem,
        "%s[%zu]: %.9g, expected %.9g within %.2g (%zu of %zu values are wrong, the worst by %.3g)",
        name, i, got.at[i], want.at[i], out->bound, out->bad, out->count, out->worst);
    return false;
}

bool compare_values(Difference *out, const char *name, Values got, Values want,
                    Tolerance tolerance) {
    if (!counts_agree(out, name, got.count, want.count)) return false;
    bool finite = true;
    for (size_t i = 0; i < want.count; i++) {
        if (finite_bits(got.at[i]) && finite_bits(want.at[i])) continue;
        finite = false;
        note_bad(out, i);
    }
    if (!finite) {
        out->worst = INFINITY;
        return verdict(out, name, got, want);
    }
    out->rms = root_mean_square(want.at, want.count);
    out->bound = tolerance.absolute + tolerance.relative * out->rms;
    for (size_t i = 0; i < want.count; i++) {
        double difference = fabs(got.at[i] - want.at[i]);
        if (difference > out->worst) out->worst = difference;
        if (!(difference <= out->bound)) note_bad(out, i); // a bound that is NaN accepts nothing
    }
    return verdict(out, name, got, want);
}

bool compare_floats(Difference *out, const char *name, const float *got, size_t got_count,
                    Values want, Tolerance tolerance) {
    double *wide = malloc((got_count ? got_count : 1) * sizeof *wide);
    if (wide == NULL) {
        *out = (Difference){ .count = want.count };
        snprintf(out->problem, sizeof out->problem, "%s: no memory to compare %zu values", name,
                 got_count);
        return false;
    }
    for (size_t i = 0; i < got_count; i++) wide[i] = got[i];
    bool same = compare_values(out, name, (Values){ wide, got_count }, want, tolerance);
    free(wide);
    return same;
}

bool compare_ints(Difference *out, const char *name, const int32_t *got, size_t got_count,
                  const int32_t *want, size_t want_count) {
    if (!counts_agree(out, name, got_count, want_count)) return false;
    for (size_t i = 0; i < want_count; i++) {
        double difference = fabs((double)got[i] - (double)want[i]);
        if (difference > out->worst) out->worst = difference;
        if (got[i] != want[i]) note_bad(out, i);
    }
    if (out->bad == 0) return true;
    size_t i = out->first_bad;
    snprintf(out->problem, sizeof out->problem, "%s[%zu]: %d, expected %d (%zu of %zu differ)",
             name, i, got[i], want[i], out->bad, out->count);
    return false;
}
