// Exercise 06-3. Somebody else's circuit.
//
// The gating is a value that can be carried from one token to another. Answer for x [D], but with
// the neurons and the scores that the router chooses for `other` [D]. y [D] is written; `saved` and
// scratch [2·K] are yours to use. (This is how one finds out which circuit holds a fact: patch it, and
// see what the model says.)
#include "chapters/06_sgatlin/sgatlin.h"

void patched(double *y, const SgatlinToken *saved, int *scratch, const double *x,
             const double *other, const SgatlinWeights *w, const Sgatlin *s) {
    (void)other;
    sgatlin_forward(y, saved, scratch, x, w, s); // yours to write: these are x's own gates
}
