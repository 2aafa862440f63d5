// Exercise 06-1. The matrix of a gating.
//
// Given the gating, the layer is y = W x with W = Σ_c Σ_k score[c,k] · out[c,index] in[c,index]ᵀ.
// Compute W [D,D], so that y[o] = Σ_i W[o][i] x[i]. score, index [C,K]; in, out [C,F,D]; the
// activation is the identity.
//
// Check with: make exercise-06-1
#include "chapters/06_sgatlin/sgatlin.h"

void write_matrix(double *W, const double *score, const int *index, const double *in,
                  const double *out, const Sgatlin *s) {
    (void)score, (void)index, (void)in, (void)out;
    for (int i = 0; i < s->D * s->D; i++) W[i] = 0.0; // yours to write
}
