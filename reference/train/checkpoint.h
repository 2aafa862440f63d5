#ifndef REFERENCE_TRAIN_CHECKPOINT_H
#define REFERENCE_TRAIN_CHECKPOINT_H
#include "reference/data/tokenizer.h"
#include "reference/model/model.h"
#include "reference/train/state.h"

// RUN/step-NNNNNN/: model.safetensors, optimizer.safetensors (both moments), state.json,
// tokenizer.json. The folder appears whole or not at all, and nothing else in a run is named
// step-…. The newest two are kept.

// A checkpoint opened to be used, not to continue training. It needs nothing else of its run.
typedef struct {
    char *path;
    Model model;
    Tokenizer *tokenizer;
} Checkpoint;

// path is a run, of which the newest checkpoint is opened, or a checkpoint. A damaged one is an
// error that names the file and the tensor or field, and how to continue (only a damaged one: where
// memory or a permission is missing, the advice to remove it would be wrong); an older one is never
// used silently.
bool checkpoint_open(Checkpoint *out, const char *path, Error *error);
void checkpoint_close(Checkpoint *checkpoint);

// The folder of the checkpoint that path stands for. The caller frees it; NULL: there is none.
char *checkpoint_find(const char *path, Error *error);
// RUN/step-NNNNNN. The caller frees it; NULL: out of memory.
char *checkpoint_path(const char *run, int64_t step);

// What training needs beside the model: state.json, which the caller frees with state_free, and
// AdamW's moments [2,floats], m then v, each in the layout of the parameters.
bool checkpoint_read_state(TrainState *out, const char *folder, Error *error);
bool checkpoint_read_moments(float *moments, const Tensors *parameters, const TrainState *state,
                             const char *folder, Error *error);

enum { CHECKPOINTS_KEPT = 2 }; // of a run in training

// Writes run/step-NNNNNN of state->step and reads it back before it appears. A step that exists
// already is an error.
bool checkpoint_write(const char *run, const Model *model, const float *moments,
                      const TrainState *state, const Tokenizer *tokenizer, Error *error);

// Removes all checkpoints of a run but the newest `keep`, 1 to CHECKPOINTS_KEPT, and what a killed
// process left of such a removal.
bool checkpoint_prune(const char *run, int keep, Error *error);

// About how many bytes one checkpoint of such a model takes on disk.
double checkpoint_bytes(const Config *config);
#endif
