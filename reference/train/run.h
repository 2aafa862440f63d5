#ifndef REFERENCE_TRAIN_RUN_H
#define REFERENCE_TRAIN_RUN_H
#include "reference/data/baselines.h"
#include "reference/train/log.h"
#include "reference/train/trainer.h"

// A run: the loop over a trainer that evaluates, logs and saves into the run's folder, and draws
// its losses (loss.png). It prints nothing: what is shown, and when to stop, is the observer's.

// What a line of the log says.
typedef struct {
    double loss, balance_loss; // means over the steps since the last line; NAN: no step
    double tokens_per_second;  // in those steps
    double usage;              // share of the experts that were chosen in them; NAN: dense layers
    double valid_loss;         // NAN: not evaluated here
} RunLine;

// Each function may be NULL. After a step they are called in this order, where something is due:
// step, evaluated, logged, saved.
typedef struct {
    void (*step)(void *context, const Trainer *trainer, const StepResult *result);
    // After an evaluation that came to its end and is finite: a few batches, or the whole file.
    void (*evaluated)(void *context, const Trainer *trainer, const Evaluation *evaluation,
                      bool whole_file);
    void (*logged)(void *context, const Trainer *trainer, const RunLine *line);
    void (*saved)(void *context, const Trainer *trainer, const char *checkpoint);
    // Something that does not end the run went wrong: loss.png could not be written, or an old
    // checkpoint not be removed.
    void (*warned)(void *context, const char *message);
    // Asked before every step and every batch of an evaluation; true ends the run there.
    bool (*stop)(void *context);
    void *context;
} RunObserver;

typedef enum {
    RUN_FINISHED, // all steps, and the loss on the whole validation file
    RUN_STOPPED,  // by the observer; saved, so that run_resume continues with the same bits
    RUN_DIVERGED, // a loss, gradient or weight is not finite: the error says which
    RUN_FAILED,   // the error says why
} RunEnd;

// Trains from the trainer's step to the last of its settings. The log is of the same step
// (run_open_log).
RunEnd run_train(Trainer *trainer, const char *folder, RunLog *log, const RunObserver *observer,
                 Error *error);

// Locks a run's folder (log_lock) and opens a trainer at its newest checkpoint. data NULL: the data
// the run began with. The caller closes the log, also on failure.
bool run_resume(Trainer *out, RunLog *log, const Backend *backend, const char *folder,
                const char *data, Error *error);

// Whether a folder has only what a run leaves that ended before its first checkpoint: a lock and
// perhaps the first line of a log. If so, locks it and removes that line, so that the run can begin
// there again. Otherwise fails; the caller closes the log in any case.
bool run_begin_again(RunLog *log, const char *folder, Error *error);

// Continues the folder's log at the trainer's step, or begins one, with the folder, where there is
// none: its header has the baselines, `known` or, where that is NULL, measured now. log:
// LOG_CLOSED, or as run_resume left it.
bool run_open_log(RunLog *log, const char *folder, const Trainer *trainer, const Baselines *known,
                  Error *error);
#endif
