#ifndef REFERENCE_CLI_SPARSE_CHECKPOINT_H
#define REFERENCE_CLI_SPARSE_CHECKPOINT_H
#include "reference/circuits/recording_file.h"
#include "reference/train/checkpoint.h"

// What the commands that read gatings open.

// checkpoint_open of a sparse model; a dense one is an error that names the sparse kinds.
bool sparse_checkpoint_open(Checkpoint *out, const char *path, Error *error);

// recording_open of a recording of this model.
bool recording_open_of(Recording *out, const char *path, const Checkpoint *checkpoint,
                       Error *error);
#endif
