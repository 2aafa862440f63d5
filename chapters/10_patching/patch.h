#ifndef CHAPTERS_10_PATCHING_PATCH_H
#define CHAPTERS_10_PATCHING_PATCH_H
#include "chapters/10_patching/snapshot.h"

// Patching: a forward pass in which parts of some layers, at one position, do what they did in
// another pass. Everything after them is computed as usual.

// A gating is a vector of F scores per channel, 0 for neurons that were not chosen. A patch copies
// the entries of some neurons from the source: those that the source did not choose are silenced,
// and those that only the source chose are added: each with the source's score, but still with the
// input of this pass. With `values`, score · (in·x) is copied, so that nothing is left of this
// pass's input. In an mlp, which has no scores, their hidden values are copied.
typedef struct {
    int position;
    const Snapshot *source;
    const bool *neurons; // [L,C,F] sgatlin, [L,F] mlp: which to copy; NULL: none
    bool values;         // sgatlin: copy score · (in·x) instead of the score
    const bool *heads;   // [L,H] the heads of attention to copy; NULL: none
} Patch;

// language_model_forward with a patch, for models of kind sgatlin or mlp. The logits and the
// residual stream are those of the patched pass; saved gatings are the router's own, so it must not
// be followed by a backward pass.
void patched_forward(LanguageModel *model, const int *inputs, int T, const Patch *patch);

// ---- which neurons

int mask_size(const ModelSizes *sizes); // elements of Patch.neurons
// Sets all neurons of a layer, or of one of its channels, in addition to those that are set.
void mask_layer(bool *neurons, int layer, const ModelSizes *sizes);
void mask_channel(bool *neurons, int layer, int channel, const ModelSizes *sizes);
// The same for the neurons of a layer that a gating chose (sgatlin).
void mask_chosen(bool *neurons, int layer, const Snapshot *gating, const ModelSizes *sizes);
#endif
