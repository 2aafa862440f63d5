#ifndef REFERENCE_CLI_TRAIN_RUN_H
#define REFERENCE_CLI_TRAIN_RUN_H
#include "reference/data/baselines.h"
#include "reference/io/progress.h"
#include "reference/train/log.h"
#include "reference/train/trainer.h"

// A run under way: the trainer, its folder and log, and what the progress line needs.
typedef struct {
    const char *command; // argv[0]
    const char *folder;
    bool cell; // of a study, which says itself how to go on
    Trainer trainer;
    RunLog log;
    double started;                                 // by clock_seconds()
    double step_seconds;                            // spent in the steps of this process,
    int64_t steps_here;                             // so many of them
    double loss_sum, balance_sum, interval_seconds; // since the last log line
    int64_t loss_steps, interval_tokens;
    StepResult result; // of the last step
    // it gave a loss or gradient that is not finite
    bool diverged;
    double loss, valid_loss, usage, tokens_per_second; // as last logged; NAN: never
    Progress progress;
} Run;

// An empty run, for `command` to name in messages; run_free ends it, however far it came.
Run run_new(const char *command);
void run_free(Run *run);
// Opens the trainer at the run's newest checkpoint; data NULL: with the data it began with.
bool run_resume(Run *run, const Backend *backend, const char *folder, const char *data,
                Error *error);
// Opens the run's log, or begins it with what there is to beat: known, or measured where that is
// NULL.
bool run_open_log(Run *run, const Baselines *known, Error *error);

// Says so where a model's layers look ahead.
void say_causal(const Config *config);

// Says what the run will need and has to beat; refuses a run that the disk has no room for.
bool run_plan(const Run *run, bool resumed, Error *error);
// The progress line, in place on a terminal and now and then elsewhere; or one that stays.
void run_progress(Run *run, bool stays);

// Trains to the end or until Ctrl-C, saving, logging and drawing on the way. Returns the exit
// status.
int run_training(Run *run);
#endif
