#ifndef REFERENCE_CHECK_CHOICES_H
#define REFERENCE_CHECK_CHOICES_H
#include "reference/check/layer_numbers.h"

// What the routers chose for the N tokens of a batch, in one pass or in micro-batches: noted by a
// hook, which can also put another choice in its place. Dense kinds have none.
typedef struct Choices {
    LayerNumbers *layers;         // [L]: only their scores and gatings are used
    int *tokens;                  // [L]: for how many the hook was called
    int L, mismatches;            // gatings of other sizes than the forced ones
    float *key_scores;            // [N,keys] of the layer that runs
    const struct Choices *forced; // replace the gatings once they are noted; NULL: none
} Choices;

bool choices_new(Choices *out, const Config *config, int B, Error *error);
void choices_free(Choices *choices);

// The hook; context: the Choices. The hook list has its key_scores.
void choices_hook(void *context, const GatingEvent *event);

// Whether the hook saw each of N tokens once in every layer, since the last call.
bool choices_complete(Choices *choices, int N, Error *error);
#endif
