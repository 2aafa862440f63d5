// Exercise 06-2. How far to the border?
//
// Move from a token along a straight line, x + t·step. Scores are linear in x: neuron f has
// score[f] + t·slope[f]. The selection stays the same until a neuron that is not selected catches
// up with one that is. There the piece ends: one neuron leaves, the other enters, and the output
// jumps.
//
// Check with: make exercise-06-2
#include "chapters/06_sgatlin/sgatlin.h"
#include <math.h>

// The lowest t > 0 at which that happens, and which neuron leaves and which enters; INFINITY, with
// both unchanged, if the line meets no border. score, slope [F] are of a flat router's one channel,
// index [K] are the selected neurons, K <= F; no two scores are equal.
double border(int *leaving, int *entering, const double *score, const double *slope,
              const int *index, int F, int K) {
    (void)leaving, (void)entering, (void)score, (void)slope, (void)index, (void)F, (void)K;
    return INFINITY; // yours to write
}

// change [D] = the output just after a border minus the output just before it. x [D] is the point
// on the border, where both neurons have this score; in, out [F,D]; the activation is the identity.
void jump(double *change, double score, int leaving, int entering, const double *x,
          const double *in, const double *out, int D) {
    (void)score, (void)leaving, (void)entering, (void)x, (void)in, (void)out;
    for (int d = 0; d < D; d++) change[d] = 0.0; // yours to write
}
