#ifndef REFERENCE_CIRCUITS_RECORDING_H
#define REFERENCE_CIRCUITS_RECORDING_H
#include "reference/ffn/ffn.h"

// What every sparse layer chose for each token of a sequence: a value to draw, compare, patch in
// elsewhere, or write (recording_file.h).
typedef struct {
    Config config;     // of the model
    int T, L, C, K, F; // tokens, layers, channels, experts per token and channel and of a channel
    bool ragged;       // a token may have fewer than K experts: NO_EXPERT fills the rest
    int first;         // position in its sequence of the first token
    int32_t *tokens;   // [T]; for the caller to fill in when events have none
    int32_t *index;    // [T,L,C,K], 0 to F-1, or NO_EXPERT
    float *score;      // [T,L,C,K]
} GatingRecord;

// Memory for T tokens, all entries NO_EXPERT, first = 0. A dense kind is an error. K of a ragged
// kind is E.
bool gating_record_new(GatingRecord *out, const Config *config, int T, Error *error);
void gating_record_free(GatingRecord *record);

// The sizes of a record of this model, without memory. A dense kind is an error.
bool gating_record_sizes(GatingRecord *out, const Config *config, int T, Error *error);

// A GatingHook with a GatingRecord as its context, for one sequence. The tokens that are read for
// the first time are recorded: positions first to first+T-1, the others are left out. Of a sequence
// that starts with TOKEN_END at position 0, first = 1 records the text alone. After a rewind the
// tokens that are fed take the place of those that were.
void gating_record_hook(void *record, const GatingEvent *event);

// The first entry of a token's channel in index and score.
static inline size_t gating_record_entry(const GatingRecord *record, int t, int layer,
                                         int channel) {
    return (((size_t)t * (size_t)record->L + (size_t)layer) * (size_t)record->C + (size_t)channel) *
           (size_t)record->K;
}
#endif
