#ifndef REFERENCE_TRAIN_TRAINER_H
#define REFERENCE_TRAIN_TRAINER_H
#include "reference/circuits/usage.h"
#include "reference/data/corpus.h"
#include "reference/train/checkpoint.h"
#include "reference/train/evaluate.h"

// Training as a small library: a front end opens a trainer, asks for steps, evaluations and
// checkpoints, and decides when. All memory is taken when it opens; the same settings and data give
// the same bits on one machine, whatever the number of threads and however often the run was broken
// off.
typedef struct {
    TrainSettings settings;
    Schedule schedule;
    Corpus corpus;
    Batches batches;
    Model model;
    Tensors moment_table;
    float *moments, *gradients; // [2·floats], [floats]
    Activations *activations;
    int32_t *inputs, *targets; // [B,T] each
    Usage usage;               // of the training steps since the caller cleared it
    int64_t step;              // steps done
} Trainer;

// A new run: config's V is taken from the data. On failure nothing is left behind.
bool trainer_new(Trainer *out, const char *data, const Config *config,
                 const TrainSettings *settings, Error *error);
// Goes on from a checkpoint folder; data NULL: from the folder its state names, which must hold the
// same tokens.
bool trainer_resume(Trainer *out, const char *checkpoint, const char *data, Error *error);
void trainer_free(Trainer *trainer);

typedef struct {
    double loss, rate, norm; // nats a token; the learning rate; of the gradient, before clipping
    double balance_loss;     // what a mixture's balancing adds to the loss
    int64_t tokens;          // scored in this step
} StepReport;

// One step. A loss or gradient that is not finite fails, naming step and tensor, and changes
// nothing.
bool trainer_step(Trainer *trainer, StepReport *report, Error *error);

// The next batch of the validation file; false when there is none left.
bool trainer_evaluate(Trainer *trainer, Evaluation *evaluation);

// The first tensor, of the weights or the moments, that holds a value that is not finite; NULL:
// none does.
const char *trainer_not_finite(const Trainer *trainer);
// Refuses to save values that are not finite.
bool trainer_save(const Trainer *trainer, const char *run, Error *error);

// Bytes that training such a model takes in memory.
double training_bytes(const Config *config, const Tensors *parameters, int B);
#endif
