// Exercise 06-2. Gates that add up to 1.
//
// PEER (chapter 05) does not use the chosen scores as they are; it puts a softmax over the K of a channel:
//     gate_k = exp(score_k) / Σ_j exp(score_j)
// On the way back every gate moves every score:  dscore_k = gate_k · (dgate_k − Σ_j gate_j · dgate_j).
// Large scores must not overflow: subtracting the same number from all of them changes no gate.
#include "chapters/06_sgatlin/sgatlin.h"

// gate [K] from score [K], K >= 1, finite.
void softmax_gates(double *gate, const double *score, int K) {
    for (int k = 0; k < K; k++) gate[k] = score[k]; // yours to write
}

// dscore [K] is written.
void softmax_gates_backward(double *dscore, const double *dgate, const double *gate, int K) {
    (void)gate;
    for (int k = 0; k < K; k++) dscore[k] = dgate[k]; // yours to write
}
