#ifndef TESTS_HARNESS_EXPECT_H
#define TESTS_HARNESS_EXPECT_H
#include "reference/check/compare.h"
#include "reference/io/safetensors.h" // before check.h, which has a macro of the name fail
#include "tests/harness/suite.h"

// Shared by the tests of the chapters. A failed expect… ends the test with a line that names the
// value that differs; with MEASURE in the environment each prints the largest error.

// Compares actual [count] with expected [count] (compare.h).
void expect_within(const char *name, const double *actual, const double *expected, size_t count,
                   Tolerance tolerance);
// The same, within `relative` of expected's root mean square; 0: the same numbers.
void expect(const char *name, const double *actual, const double *expected, size_t count,
            double relative);
// The same for numbers of about 1 that were calculated by hand.
void expect_by_hand(const char *name, const double *actual, const double *expected, size_t count);
// One number; `what` says in words which.
void expect_number(const char *what, double actual, double expected, double within);
// Integers must be equal.
void expect_ints(const char *name, const int *actual, const int *expected, size_t count);

// ---- numbers to test with

double *new_doubles(size_t count);         // zeros; the caller frees them
double *take(double **from, size_t count); // the next `count` of a block
// out [count]: normal, of this deviation; other numbers for another seed or name.
void fill(double *out, size_t count, double deviation, uint64_t seed, const char *name);
// a loss whose gradient at y is dy
double weighted_sum(const double *y, const double *dy, size_t count);

// ---- finite differences

// A loss, computed at each call from what is in memory. A forward pass with a routing decision
// writes it to `choice` [choices]: a step that changes it has no slope and is left out.
typedef struct {
    double (*loss)(void *context);
    void *context;
    const int *choice; // or NULL
    size_t choices;
} Slopes;

// gradient [count] must be the derivative of the loss by each of x [count], to 1e-6 of its root
// mean square. Measured worst: 1.9e-8 in a layer, 3.1e-7 in a whole model. A gradient of zeros
// fails here: that is for expect_no_slopes.
void expect_slopes(const char *name, double *x, const double *gradient, size_t count,
                   const Slopes *slopes);
void expect_no_slopes(const char *name, double *x, const double *gradient, size_t count,
                      const Slopes *slopes);

// ---- golden files

// tests/golden/ffn/NAME.safetensors; close it
Safetensors golden_ffn_file(const char *name);
double golden_value(const Safetensors *file, const char *key); // of the metadata; above 0
int golden_size(const Safetensors *file, const char *key);     // the same; an integer
// tensor `name`, which must have `count` elements
void read_tensor(double *out, const Safetensors *file, const char *name, size_t count);
// actual is the file's tensor to 1e-10 of its root mean square. The chapters' worst is 2e-14.
void expect_tensor(const Safetensors *file, const char *name, const double *actual, size_t count);
void expect_tensor_ints(const Safetensors *file, const char *name, const int *actual, size_t count);
#endif
