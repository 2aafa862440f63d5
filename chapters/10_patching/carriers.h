#ifndef CHAPTERS_10_PATCHING_CARRIERS_H
#define CHAPTERS_10_PATCHING_CARRIERS_H
#include "chapters/10_patching/patch.h"

// A small set of neurons that carries an answer: copied from the source, without the others, they
// make `answer` the first word after the last input; and none of them can be left out.

// Found by a greedy search: adds the neuron that helps most until they suffice, then removes those
// that are no longer needed. A smaller set may exist. patch->neurons: where to search. Writes the
// set to neurons [mask_size], and returns how many there are; 0: not even all together suffice.
int carrying_neurons(bool *neurons, LanguageModel *model, const int *inputs, int T,
                     const Patch *patch, int answer);
#endif
