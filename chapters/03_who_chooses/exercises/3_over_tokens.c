// Exercise 03-3. Why a sigmoid?
//
// The obvious score from an expert's point of view is a softmax over the tokens: which fraction of
// its attention does expert e give to token t?
//     Q[t,e] = e^logits[t,e] / Σ_s e^logits[s,e]            for a sequence of T tokens, [T,E]
// Write it, and its backward pass. Then look at the last test: each score now depends on all
// tokens, also later ones, even before any routing. A sigmoid has the same order within a column
// and depends on no other token.
//
// Q [T,E] from logits [T,E]; dlogits [T,E] is written, from dQ and Q. scratch: 2·T doubles.
//
// Check with: make exercise-03-3
#include "chapters/02_mixture_of_experts/softmax.h"

void over_tokens(double *Q, double *scratch, const double *logits, int T, int E) {
    (void)scratch, (void)logits;
    for (int i = 0; i < T * E; i++) Q[i] = 1.0 / T; // yours to write
}

void over_tokens_backward(double *dlogits, double *scratch, const double *dQ, const double *Q,
                          int T, int E) {
    (void)scratch, (void)dQ, (void)Q;
    for (int i = 0; i < T * E; i++) dlogits[i] = 0.0; // yours to write
}
