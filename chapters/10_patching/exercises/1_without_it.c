// Exercise 10-1. Without running the model again.
//
// The model has just run. Return what the logit of `token` at position t would be if the neuron in
// the given slot (0 to C·K-1) of the last layer had added nothing: the logit that a second, patched
// pass would show, with the output norm of that pass. Everything you need was saved: the residual
// stream after the last layer, the neuron's score and z, its row of `out`, the norm's scale and the
// embedding. The model's activation is the identity.
//
// Check with: make exercise-10-1
#include "chapters/07_language_model/language_model.h"

double logit_without(const LanguageModel *m, int slot, int t, int token) {
    (void)slot;
    return m->logits[(size_t)t * m->sizes.V + token]; // yours to write: this is with the neuron
}
