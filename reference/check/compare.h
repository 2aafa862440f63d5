#ifndef REFERENCE_CHECK_COMPARE_H
#define REFERENCE_CHECK_COMPARE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Compares tensors. Two agree only when that is proved: equal counts, every value of both finite by
// its bits (fast-math would fold isfinite() to true), and the worst difference within
// absolute + relative · rms(expected). The rms is that of the whole expected tensor, so a small
// element is held to the scale of its tensor, and a tensor of zeros only agrees with zeros (or
// within `absolute`). The worst element says little where all are rounded to few bits: unless mean
// is 0, the rms of all differences is within mean · rms(expected), too.
typedef struct {
    double absolute, relative, mean;
} Tolerance;

typedef struct {
    const double *items;
    size_t count;
} Values;

typedef struct {
    size_t count;      // elements compared
    double worst, rms; // largest |actual - expected|; root mean square of expected
    double bound;      // the largest allowed
    double mean;       // root mean square of actual - expected
    size_t bad;        // elements that exceed the bound or are not finite
    size_t first_bad;  // index of the first; only if bad > 0
    char problem[256]; // one line, empty when they agree
} Difference;

bool finite_bits(double x);
double root_mean_square(const double *x, size_t count);

// true: they agree. name is that of the tensor, for the problem.
bool compare_values(Difference *out, const char *name, Values actual, Values expected,
                    Tolerance tolerance);
// The same for floats of the reference.
bool compare_floats(Difference *out, const char *name, const float *actual, size_t actual_count,
                    Values expected, Tolerance tolerance);
// Integers must be equal.
bool compare_ints(Difference *out, const char *name, const int32_t *actual, size_t actual_count,
                  const int32_t *expected, size_t expected_count);
#endif
