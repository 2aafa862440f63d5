#ifndef REFERENCE_TRAIN_EVALUATE_H
#define REFERENCE_TRAIN_EVALUATE_H
#include "reference/data/token_file.h"
#include "reference/train/backend.h"

// Mean loss over a token file, one batch at a time so that the caller can stop between two. Where
// rows of a batch share experts (mixes_batch_rows) the loss depends on B; the padding of the last
// row is never routed.
typedef struct {
    double sum;     // of the losses of all scored tokens, nats
    int64_t scored; // tokens
    uint64_t batch; // the next one
} Evaluation;

// What an evaluation works with; all of it is the caller's.
typedef struct {
    const Backend *backend;
    Device *device; // opened for at least B rows
    const Config *config;
    const TokenFile *file;
    int B;
    int32_t *inputs, *targets; // [B,T]: scratch
} Evaluator;

// Scores the next batch; false when there is none left.
bool evaluate_batch(Evaluation *evaluation, const Evaluator *evaluator);

static inline double evaluation_loss(const Evaluation *evaluation) {
    return evaluation->scored > 0 ? evaluation->sum / (double)evaluation->scored : 0;
}

// Writes the first batch as safetensors, to compare with another framework: inputs and targets I32
// [B,T], logits F32 [B,T,V], their mean loss F32 [1], and the model's settings in the metadata.
bool evaluate_dump(const char *path, const Evaluator *evaluator, Error *error);
#endif
