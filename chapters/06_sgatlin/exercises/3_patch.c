// Exercise 06-3. Another token's circuit.
//
// The gating is a value that can be moved from one token to another. Compute the output for x [D],
// but with the neurons and scores that the router selects for `other` [D]. y [D] is written;
// `saved` and scratch [2·K] may be overwritten. (This is how to find the circuit that stores a
// fact: patch it, and see how the model's output changes.)
//
// Check with: make exercise-06-3
#include "chapters/06_sgatlin/sgatlin.h"

void patched(double *y, const SgatlinToken *saved, int *scratch, const double *x,
             const double *other, const SgatlinWeights *w, const Sgatlin *s) {
    (void)other;
    sgatlin_forward(y, saved, scratch, x, w, s); // yours to write: this is x's own gating
}
