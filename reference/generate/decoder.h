#ifndef REFERENCE_GENERATE_DECODER_H
#define REFERENCE_GENERATE_DECODER_H
#include "reference/model/reader.h"

// One sequence, one token at a time, with the keys and values of earlier tokens in a cache (the KV
// cache). In a model that is not causal (ffn_causality) later tokens change the hidden states of
// earlier ones, so nothing can be cached: it recomputes the whole window at each step.
typedef struct Decoder Decoder;

// decoder_new runs on the CPU, decoder_on where `open` does; what reader.h says of threads and of
// the model applies. Memory is used for the tokens that are cached, at most config.T.
Decoder *decoder_new(const Model *model, Error *error);
Decoder *decoder_on(ReaderOpen *open, const Model *model, Error *error);
void decoder_free(Decoder *decoder);

// The hooks of the following steps (see gating.h), copied; NULL: none. Each is called once for
// every sparse layer and pass, with the gatings of its tokens (N up to READER_PASS, or to T if
// that is less), or of the whole window where the model is not causal (N up to T); key_scores needs
// space for as many. All layers share the Gating's memory, so it is valid during the call only.
// Tokens that are read again are shown again, with fresh = 0, so that what a hook replaces stays
// replaced.
void decoder_hooks(Decoder *decoder, const HookList *hooks);

// Feeds one token (below V) and returns the logits [V] of the next one, valid until the next call.
// When the cache has T tokens, the oldest half is dropped first: the others are read again after
// TOKEN_END, as in a row of training, and *dropped (may be NULL) grows by how many were dropped.
const float *decoder_step(Decoder *decoder, int32_t token, int64_t *dropped);

// Empties the cache and feeds TOKEN_END, to hooks at position -1, and tokens [count], the first of
// them at `position`. count is below T; T tokens are fed without TOKEN_END. The first `together`
// are read in passes, the others one by one; this rounds differently, so reading tokens again gives
// the same logits if they are divided as before. again: they were fed before.
const float *decoder_start(Decoder *decoder, const int32_t *tokens, int together, int count,
                           int position, bool again);

// Drops the tokens from `position` on, which must be cached: the next token is fed there.
void decoder_rewind(Decoder *decoder, int position);

int decoder_position(const Decoder *decoder); // of the next token, 0 for the first of a new decoder
int decoder_cached(const Decoder *decoder);   // tokens in the cache, TOKEN_END included
#endif
