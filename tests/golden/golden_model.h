#ifndef TESTS_GOLDEN_GOLDEN_MODEL_H
#define TESTS_GOLDEN_GOLDEN_MODEL_H
#include "reference/train/backend.h"
#include "tests/golden/golden_file.h"

// The reference's whole model against an open file of golden/model/: the first batch (logits,
// residual stream, gatings, gradients), then ten steps of clip and AdamW, one batch each.
void golden_check_model(GoldenFile *golden);
// The same on a device of another backend, but for the residual stream, which it does not show.
void golden_check_device(GoldenFile *golden, const Backend *device);
#endif
