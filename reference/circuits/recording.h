#ifndef REFERENCE_CIRCUITS_RECORDING_H
#define REFERENCE_CIRCUITS_RECORDING_H
#include "reference/ffn/ffn.h"

// What every sparse layer chose for each token of a sequence: a value to draw, compare, patch in
// elsewhere, or save.
typedef struct {
    Config config;     // of the model
    int T, L, C, K, F; // tokens, layers, channels, experts per token and channel and of a channel
    bool ragged;       // a token may have fewer than K experts: NO_EXPERT fills the rest
    int32_t *tokens;   // [T] ids, for the caller to fill
    int32_t *index;    // [T,L,C,K], 0 to F-1, or NO_EXPERT
    float *score;      // [T,L,C,K]
    int position;      // where the hook records the first token of the next pass
} GatingRecord;

// Memory for T tokens, all entries NO_EXPERT. A dense kind is an error. K of a ragged kind is E.
bool gating_record_new(GatingRecord *out, const Config *config, int T, Error *error);
void gating_record_free(GatingRecord *record);

// The sizes of a record of this model, without memory. A dense kind is an error.
bool gating_record_sizes(GatingRecord *out, const Config *config, int T, Error *error);

// A GatingHook with a GatingRecord as its context. Token t of the pass is recorded at position + t;
// what falls outside of 0 to T-1 is left out: with position -1 a TOKEN_END before the text is.
void gating_record_hook(void *record, int layer, Gating *gating);

// The first entry of a token's channel in index and score.
static inline size_t gating_record_entry(const GatingRecord *record, int t, int layer,
                                         int channel) {
    return (((size_t)t * (size_t)record->L + (size_t)layer) * (size_t)record->C + (size_t)channel) *
           (size_t)record->K;
}

// safetensors: tokens I32 [T], index I32 and score F32 [T,L,C,K]; the model's hyperparameters in the
// metadata. Reading checks them against each other, and every index and token.
bool gating_record_write(const GatingRecord *record, const char *path, Error *error);
bool gating_record_read(GatingRecord *out, const char *path, Error *error);
#endif
