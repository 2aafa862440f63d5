// Exercise 06-2. How far to the border?
//
// Walk from a token in a straight line, x + t·step. Scores are linear in x: on the way neuron f has
// score[f] + t·slope[f].
// The chosen stay the chosen until a neuron that is not among them catches up with one that is:
// there the piece ends, the one leaves, the other comes, and the answer jumps.
#include "chapters/06_sgatlin/sgatlin.h"
#include <math.h>

// The lowest t > 0 at which that happens, and who leaves and who comes; INFINITY, and both left
// alone, where the line meets no border. score, slope [F] of a flat router's one channel; index [K]
// the chosen, K <= F; no two scores equal.
double border(int *leaves, int *comes, const double *score, const double *slope, const int *index,
              int F, int K) {
    (void)leaves, (void)comes, (void)score, (void)slope, (void)index, (void)F, (void)K;
    return INFINITY; // yours to write
}

// change [D] = the answer just behind a border less the answer just before it. x [D] is the
// border's point, where both neurons have this score; in, out [F,D]; the activation is the
// identity.
void jump(double *change, double score, int leaves, int comes, const double *x, const double *in,
          const double *out, int D) {
    (void)score, (void)leaves, (void)comes, (void)x, (void)in, (void)out;
    for (int d = 0; d < D; d++) change[d] = 0.0; // yours to write
}
