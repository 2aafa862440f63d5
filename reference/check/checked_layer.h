#ifndef REFERENCE_CHECK_CHECKED_LAYER_H
#define REFERENCE_CHECK_CHECKED_LAYER_H
#include "reference/ffn/layer.h"

// Runs of an FfnLayer that hold it to its contract: what a call must write is NaN before, `saved`
// and `scratch` are followed by guards, and the results must be finite.

bool checked_layer_new(FfnLayer *out, const Config *config, int B, int T, Error *error);

// ffn_layer_forward and ffn_layer_backward. false: a guard was overwritten, or something that the
// layer must write was not written or is not finite; the error says what.
bool checked_forward(FfnLayer *layer, const HookList *hooks, Error *error);
bool checked_backward(FfnLayer *layer, Error *error);
#endif
