#ifndef REFERENCE_CIRCUITS_POSITIONS_H
#define REFERENCE_CIRCUITS_POSITIONS_H
#include "reference/circuits/recording.h"

// Choosing positions of a recording.

// The record of these positions alone: a copy, to free with gating_record_free.
bool record_of_positions(GatingRecord *out, const GatingRecord *record, const int32_t *positions,
                         int count, Error *error);

// out [most]: the most frequent tokens of a record, without those that are no text (TOKEN_PAD and
// TOKEN_END); of equally frequent ones the lower id first. *count: how many there are.
bool frequent_tokens(int32_t *out, int *count, const GatingRecord *record, int most, Error *error);

// out [most]: positions of these tokens, ascending; where there are more than `most`, evenly spread
// over the record. *found: how many there are.
bool token_positions(int32_t *out, int *found, const GatingRecord *record, const int32_t *tokens,
                     int count, int most, Error *error);
#endif
