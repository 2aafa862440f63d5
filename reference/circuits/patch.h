#ifndef REFERENCE_CIRCUITS_PATCH_H
#define REFERENCE_CIRCUITS_PATCH_H
#include "reference/circuits/recording.h"

// Patching: edits what layers chose before their experts run.

enum { ALL = -1 };

// One edit of the entries at a layer, position and channel (each ALL: every one).
// With a source, they become what the source has for the same layer and channel at source_position
// (ALL: at the same position, if it has that). An entry that it lacks (NO_EXPERT) is silenced, or
// in a ragged gating not there. Without, they stay. Then scores are multiplied by `scale`: 1 leaves
// them, 0 silences the entry, which then adds nothing to the layer's output. In peer a softmax
// follows: other scales change how a head's experts share its weight, which the others take over
// from one that is silenced. With `single` only the entry of neuron `index` is multiplied, where it
// is there.
typedef struct {
    int layer, position, channel; // position in the sequence, see GatingEvent
    const GatingRecord *source;   // of a model of the same sizes; may be NULL
    int source_position;          // in the source's sequence
    float scale;
    bool single;
    int index;
} GatingEdit;

// The context of the hook: edits, applied in order. It owns nothing.
typedef struct {
    const GatingEdit *edits;
    int count;
} GatingPatch;

// Where to patch: positions first to last, in some layers and channels.
typedef struct {
    int first, last;
    const int *layers, *channels;
    int layer_count, channel_count; // 0: all
} PatchPlace;

// Edits that put the source's entries there, each from the same position. false: out of memory.
bool gating_patch_new(GatingPatch *out, const PatchPlace *place, const GatingRecord *source,
                      Error *error);
void gating_patch_free(GatingPatch *patch); // one made by gating_patch_new

// Checks the edits against a model's config: layers, channels and source positions that exist,
// sources of the same sizes. The error names the edit and the field.
bool gating_patch_valid(const GatingPatch *patch, const Config *config, Error *error);

// A GatingHook with a GatingPatch as its context, which must be valid for the model. Of a source's
// entries as many are taken as the gating has space for.
void gating_patch_hook(void *patch, const GatingEvent *event);

// The same with a GatingPatch for each row of a batch as its context: [N / T].
void gating_patch_rows_hook(void *patches, const GatingEvent *event);

// One gating to put in place of every layer's, to compare what follows from it.
typedef struct {
    Gating gating;  // N, C, K; score, index and start as in ffn/gating.h
    int calls;      // of the hook
    int mismatches; // calls with another N, C, K or form, in which nothing was replaced
} ForcedGating;

// A GatingHook with a ForcedGating as its context.
void gating_force_hook(void *forced, const GatingEvent *event);
#endif
