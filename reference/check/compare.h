#ifndef REFERENCE_CHECK_COMPARE_H
#define REFERENCE_CHECK_COMPARE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The one comparer of the tests. Two tensors agree only when that is proved: equal counts, every
// value of both finite by its bits (isfinite() is folded to true where somebody builds with
// fast-math), and the worst difference inside absolute + relative · rms(want). The rms is that of
// the whole expected tensor, so small elements of a large tensor are held to the tensor's own scale,
// and a tensor of zeros only passes with zeros (or inside `absolute`).
typedef struct {
    double absolute, relative;
} Tolerance;

typedef struct {
    const double *at;
    size_t count;
} Values;

typedef struct {
    size_t count;      // elements compared
    double worst, rms; // largest |got - want|; root mean square of want
    double bound;      // what worst may be
    size_t bad;        // elements over the bound or not finite
    size_t first_bad;  // the first of them
    char problem[256]; // one line, empty when all is well
} Difference;

bool finite_bits(double x);
double root_mean_square(const double *x, size_t count);

// name stands in the problem's line. true: got and want agree.
bool compare_values(Difference *out, const char *name, Values got, Values want,
                    Tolerance tolerance);
// The same for the float tensors of the fast rung.
bool compare_floats(Difference *out, const char *name, const float *got, size_t got_count,
                    Values want, Tolerance tolerance);
// Whole numbers: equal, or the problem's line names the first that is not.
bool compare_ints(Difference *out, const char *name, const int32_t *got, size_t got_count,
                  const int32_t *want, size_t want_count);
#endif
