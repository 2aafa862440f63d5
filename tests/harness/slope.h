#ifndef TESTS_HARNESS_SLOPE_H
#define TESTS_HARNESS_SLOPE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Checks a gradient against finite differences of a loss: of all numbers of one tensor or input.
typedef struct {
    size_t count;
    const double *base, *gradient; // [count]: where the gradient was taken, and the gradient
    // Replaces base by values [count], which are representable as floats.
    void (*set)(void *context, const double *values);
    // The loss of what is set. false: another choice of experts than at base, where the loss has
    // another slope.
    bool (*loss)(void *context, double *loss);
    void *context;
} Slope;

// A direction [count]: normal with deviation `size` in all numbers, which sees a wrong gradient
// anywhere, or 3·size in a single one, which tells them apart.
void slope_direction(double *out, size_t count, double size, bool single, uint64_t key);

// Takes a step along ±step·direction and returns the error of gradient · step against the change of
// the loss, in units of |gradient|·|step|; base is set again afterwards. NAN: the choice changed.
double slope_error(const Slope *slope, const double *direction, double step);
#endif
