#ifndef VISUALIZER_FOCUS_H
#define VISUALIZER_FOCUS_H
#include "reference/circuits/patch.h"
#include "visualizer/atlas.h"

// What the model did at one token of the scene's story: a pass over the story up to it, from which
// come the router's scores, the next-word bets and the attribution.

typedef struct Focus Focus;

// The model must outlive it.
Focus *focus_new(const Model *model, Error *error);
void focus_free(Focus *focus); // NULL is fine

// Fills scene.focus for a token of the story, a layer and a channel. patch: the edits that the
// story was told with, at positions of the story; NULL: none. atlas NULL: there are no recorded
// circuits, so no neighbours and no path on the map.
bool focus_compute(Scene *scene, Focus *focus, const GatingPatch *patch, Atlas *atlas, int token,
                   int layer, int channel, Error *error);

// story.unlike of tokens first .. last-1.
bool focus_unlike(Scene *scene, Atlas *atlas, int first, int last, Error *error);
#endif
