#ifndef REFERENCE_CIRCUITS_PATCH_H
#define REFERENCE_CIRCUITS_PATCH_H
#include "reference/circuits/recording.h"

// Patching: edits what layers chose before their experts run.

enum { ALL = -1 };

// One edit of the entries at a layer, position and channel (each ALL: every one).
// With a source, they become what the source has for the same layer and channel at source_position
// (ALL: at the same position); experts that the source lacks (NO_EXPERT) get score 0, or none in a
// ragged gating. Without, they stay. Then scores are multiplied by `scale`: 1 leaves them, 0
// silences the neurons of sgatlin (with every activation) and the experts of a moe. In peer the
// softmax comes after, so that scaling changes only how evenly a head's K experts share its weight.
typedef struct {
    int layer, position, channel;
    const GatingRecord *source; // of a model of the same sizes; may be NULL
    int source_position;
    float scale;
} GatingEdit;

// The context of the hook: edits, applied in order. It owns nothing.
typedef struct {
    const GatingEdit *edits;
    int count;
    int position; // of the first token of the next pass, as GatingRecord's
} GatingPatch;

// Checks the edits against a model's config: layers, channels and source positions that exist,
// sources of the same sizes. The error names the edit and the field.
bool gating_patch_valid(const GatingPatch *patch, const Config *config, Error *error);

// A GatingHook with a GatingPatch as its context, which must be valid for the model.
void gating_patch_hook(void *patch, int layer, Gating *gating);
#endif
