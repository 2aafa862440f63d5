#ifndef REFERENCE_TRAIN_EVALUATE_H
#define REFERENCE_TRAIN_EVALUATE_H
#include "reference/data/token_file.h"
#include "reference/model/model.h"

// Mean loss over a token file, a batch at a time so that a front end can stop between two. Where a
// layer reaches over the rows of a batch (ffn_causality) the loss depends on B; what fills the last
// row
// up stays out of every pool.
typedef struct {
    double sum;     // of the losses of all scored tokens, nats
    int64_t scored; // tokens
    uint64_t batch; // the next one
} Evaluation;

// Scores the next batch of B rows; false when there is none left. inputs and targets [B,T] are
// scratch, T the model's.
bool evaluate_batch(Evaluation *evaluation, const Model *model, Activations *activations,
                    const TokenFile *file, int B, int32_t *inputs, int32_t *targets);

static inline double evaluation_loss(const Evaluation *evaluation) {
    return evaluation->scored > 0 ? evaluation->sum / (double)evaluation->scored : 0;
}

// Writes the first batch as safetensors, for holding another framework against this one: inputs and
// targets I32 [B,T], logits F32 [B,T,V], their mean loss F32 [1], and the letters in the metadata.
// Memory as evaluate_batch's.
bool evaluate_dump(const char *path, const Model *model, Activations *activations,
                   const TokenFile *file, int B, int32_t *inputs, int32_t *targets, Error *error);
#endif
