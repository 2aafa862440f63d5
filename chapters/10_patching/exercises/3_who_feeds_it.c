// Exercise 10-3. Who woke the neuron?
//
// A linear neuron's input in·x is a sum as well: x is the residual stream before the layer, times
// the norm's numbers, and the stream is the embedding and what each earlier part added. Write one
// term for each of them: the embedding, the heads and neurons of the layers before l, and the heads
// of layer l itself (which come before its neurons), in the order of logit_terms. With the norm's
// scale as it is, they add up to in·x, for the neuron in the given slot (0 to C·K-1) of layer l at
// position t. Return how many there are. `out` has space for logit_terms_count terms.
//
// (With gelu or relu between in·x and out this would not go on to the logit: half of in·x does not
// do half of the work.)
//
// Check with: make exercise-10-3
#include "chapters/10_patching/logit_terms.h"

int input_terms(LogitTerm *out, const LanguageModel *m, int l, int slot, int t) {
    (void)m, (void)l, (void)slot, (void)t;
    out[0] = (LogitTerm){ PART_EMBEDDING, 0, 0, 0, 0.0 }; // yours to write
    return 1;
}
