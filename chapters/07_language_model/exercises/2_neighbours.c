// Exercise 07-2. RoPE as in its paper: a point is two neighbours.
//
// Rotate x [Dh] in place, Dh even: point j is (x[2j], x[2j+1]), not (x[j], x[Dh/2+j]) as in rope.c;
// its angle is the same, position / 10000^(2j/Dh). Running a model with the wrong one of the two is
// a common bug: everything seems to work, but the output is nonsense.
//
// Check with: make exercise-07-2
#include "chapters/07_language_model/rope.h"
#include <math.h>

void rope_neighbours(double *x, int position, int Dh) {
    (void)x;
    (void)position;
    (void)Dh; // yours to write
}
