#ifndef REFERENCE_TRAIN_TRAINER_H
#define REFERENCE_TRAIN_TRAINER_H
#include "reference/circuits/usage.h"
#include "reference/data/corpus.h"
#include "reference/train/backend.h"
#include "reference/train/checkpoint.h"
#include "reference/train/evaluate.h"

// Training as a small library: the caller opens a trainer, asks for steps, evaluations and
// checkpoints, and decides when (run.h is one such loop). All memory is allocated when it opens.
// The same settings and data give the same bits on one machine, whatever the number of threads and
// however often the run was interrupted and resumed.
typedef struct {
    TrainSettings settings;
    Schedule schedule;
    Corpus corpus;
    Batches batches;
    Config config;
    const Backend *backend;
    Device *device;            // owns the model and what its steps need
    int32_t *inputs, *targets; // [B,T] each
    Usage usage;               // see trainer_usage
    int64_t step;              // steps done
    int64_t saved;             // step of the newest checkpoint, -1: none
    double learning_rate;      // of the last step
} Trainer;

// A new run: config's V is taken from the data. On failure nothing is left behind.
bool trainer_new(Trainer *out, const Backend *backend, const char *data, const Config *config,
                 const TrainSettings *settings, Error *error);
// Continues from a checkpoint folder. data NULL: the folder that the checkpoint's state names. It
// must contain the same tokens as when the run began.
bool trainer_resume(Trainer *out, const Backend *backend, const char *checkpoint, const char *data,
                    Error *error);
void trainer_free(Trainer *trainer);

// One step. Fails when the loss or a gradient is not finite: the message names step and tensor,
// and nothing has changed.
bool trainer_step(Trainer *trainer, StepResult *result, Error *error);

// How often each expert was chosen in the training steps since the caller cleared it.
Usage *trainer_usage(Trainer *trainer);

// The next batch of the validation file; false when there is none left.
bool trainer_evaluate(Trainer *trainer, Evaluation *evaluation);

// Writes a checkpoint of the last step into the run's folder. TRAINER_NOT_FINITE: some weight or
// moment is not, and nothing was written; the message names step and tensor.
typedef enum { TRAINER_SAVED, TRAINER_NOT_FINITE, TRAINER_SAVE_FAILED } TrainerSave;
TrainerSave trainer_save(Trainer *trainer, const char *run, Error *error);
#endif
