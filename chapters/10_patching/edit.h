#ifndef CHAPTERS_10_PATCHING_EDIT_H
#define CHAPTERS_10_PATCHING_EDIT_H
#include "chapters/10_patching/snapshot.h"

// Changing for good what a layer says at one position of one prompt, in the `out` vectors of the
// neurons that are active there.

// Changes `out` of the neurons of `layer` (kind sgatlin) that are in the gating `at` and in neurons
// [L,C,F] (NULL: all of them) so that at this position the layer's output becomes output + change
// [D]. Of all such edits it is the smallest: with a the value score · (in·x) of a neuron,
//   out += a / Σ a² · change
// A router does not read `out`, so the layer's own gating stays what it was. Returns how many
// neurons were edited; 0: none is in both, or their values are all 0, and nothing was done.
int edit_neurons(LanguageModel *model, int layer, const Snapshot *at, const bool *neurons,
                 const double *change);
#endif
