#ifndef REFERENCE_TRAIN_STATE_H
#define REFERENCE_TRAIN_STATE_H
#include "reference/train/settings.h"

// state.json of a checkpoint: with the weights and moments beside it, all that a run needs to
// continue bit for bit. It holds no clock times, so that an interrupted run ends in the same bytes
// as an uninterrupted one.
typedef struct {
    int64_t step; // steps done
    TrainSettings settings;
    char *data; // absolute path of the data folder; owned
    uint64_t train_sum, valid_sum, tokenizer_hash;
} TrainState;

void state_free(TrainState *state);
bool state_write(const TrainState *state, const char *path, Error *error);
bool state_read(TrainState *out, const char *path, Error *error);
// The same from memory; `where` names the file in messages. Checks every field, and the sum over
// all of them.
bool state_parse(TrainState *out, const char *bytes, size_t size, const char *where, Error *error);
#endif
