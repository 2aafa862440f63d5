#ifndef REFERENCE_GENERATE_DECODER_H
#define REFERENCE_GENERATE_DECODER_H
#include "reference/model/model.h"

// One sequence, one token at a time, with the keys and values of the past saved (the KV cache). A
// layer that looks ahead (ffn_causality) gives a token's past another form with every further
// token, so
// that nothing of it can be saved: such a model reads the whole window anew at each step.
typedef struct Decoder Decoder;

// Room for config.T tokens; model must outlive it. May be used in another thread than the one that
// made it, one at a time; one that looks ahead where parallel_threads() is no larger than there
// (OpenMP's number belongs to the thread).
Decoder *decoder_new(const Model *model, Error *error);
void decoder_free(Decoder *decoder);

// The one hook (see gating.h); NULL to stop. decoder_step calls it once for each sparse layer, with
// what was chosen for the token that it feeds (N = 1), or for all so far where the model looks
// ahead. The Gating is good for the time of the call alone, since all layers use the same memory:
// copy what is to be drawn.
void decoder_hook(Decoder *decoder, GatingHook *hook, void *context);

// Feeds one token (below V) and returns the logits [V] for the next one, valid until the next call.
// When T tokens stand in the cache the oldest half is dropped first: the saved ones are read again
// behind TOKEN_END, as a training row is, and *dropped (may be NULL) grows by the number that fell
// out.
const float *decoder_step(Decoder *decoder, int32_t token, int64_t *dropped);
// forgets everything; the next token is fed behind nothing
void decoder_reset(Decoder *decoder);
int decoder_position(const Decoder *decoder); // tokens in the cache
#endif
