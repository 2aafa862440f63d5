// Exercise 07-2. RoPE as its paper has it: the points are neighbours.
//
// Turns x [Dh] in place, Dh even: point j is (x[2j], x[2j+1]), not (x[j], x[Dh/2+j]) as in rope.c;
// its angle is the same, position / 10000^(2j/Dh). Files trained with one form and run with the
// other are a common bug: all looks well, and the model talks nonsense.
#include "chapters/07_language_model/rope.h"
#include <math.h>

void rope_neighbours(double *x, int position, int Dh) {
    (void)x;
    (void)position;
    (void)Dh; // yours to write
}
