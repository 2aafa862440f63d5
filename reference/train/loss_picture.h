#ifndef REFERENCE_TRAIN_LOSS_PICTURE_H
#define REFERENCE_TRAIN_LOSS_PICTURE_H
#include "reference/io/error.h"

// Draws RUN/loss.png from RUN/log.jsonl: training and validation loss over steps, and the
// baselines.
bool loss_picture_write(const char *run, Error *error);
#endif
