#ifndef CHAPTERS_10_PATCHING_SNAPSHOT_H
#define CHAPTERS_10_PATCHING_SNAPSHOT_H
#include "chapters/07_language_model/language_model.h"

// What one position of a forward pass left in every layer that can be put into another pass: a
// copy.
typedef struct {
    double *score;   // [L,C,K] sgatlin: the gating
    int *index;      // [L,C,K]
    double *value;   // [L,C,K] score · (in·x): what each neuron's `out` is multiplied by
    double *hidden;  // [L,F] mlp: the hidden layer
    double *context; // [L,H,Dh] attention: the heads, before the matrix `output`
    double *doubles; // the memory of the others
} Snapshot;

// false: out of memory; nothing is left allocated.
bool snapshot_new(Snapshot *out, const ModelSizes *sizes);
void snapshot_free(Snapshot *s);

// Copies position t of the model's last forward pass.
void snapshot_take(const Snapshot *out, const LanguageModel *model, int t);
void snapshot_copy(const Snapshot *out, const Snapshot *from, const ModelSizes *sizes);
// Everything becomes 0 but the choice of neurons.
void snapshot_silence(const Snapshot *s, const ModelSizes *sizes);
#endif
