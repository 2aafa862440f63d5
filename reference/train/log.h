#ifndef REFERENCE_TRAIN_LOG_H
#define REFERENCE_TRAIN_LOG_H
#include "reference/config/config.h"
#include "reference/io/json.h"
#include "reference/train/settings.h"
#include <stdint.h>
#include <stdio.h>

// RUN/log.jsonl: one JSON object a line. The first holds what the run is (settings, model,
// baselines), the others "step" and what was measured there.
typedef struct {
    FILE *file;
    char *path;
    int lock;            // of the run, held while the log is open
    json_t *header;      // the first line
    double seconds;      // where the clock stood on the last line that was kept,
    double step_seconds; // how many of them had gone into training steps alone,
    int64_t tokens;      // and how many tokens had been trained on
    bool final;          // the last line is that of a finished run ("final_valid_loss")
} RunLog;

// takes over the header
bool log_create(RunLog *out, const char *run, json_t *header, Error *error);
// Opens the log of a run that goes on from `step`: later lines, and one that a crash cut short, are
// removed.
bool log_resume(RunLog *out, const char *run, int64_t step, Error *error);
// takes over the line; flushed, so that others can follow
bool log_write(RunLog *log, json_t *line, Error *error);
void log_close(RunLog *log);

// What a log says its run came to, by its last lines.
typedef struct {
    bool final;    // the run is finished: valid_loss is that of the whole validation file
    bool diverged; // it stopped at a loss or gradient that is not finite
    int64_t steps, tokens, valid_tokens;
    double step_seconds, valid_loss;
} LogResult;
// Fails too where the first line is that of a run with another model or other settings.
bool log_result(LogResult *out, const char *run, const Config *config,
                const TrainSettings *settings, Error *error);

json_t *log_model(const Config *config); // the first line's "model"; NULL: out of memory

// Draws RUN/loss.png from RUN/log.jsonl: training and validation loss over steps, with the
// baselines.
bool log_draw(const char *run, Error *error);

// The validation losses in RUN/log.jsonl, and what each took: the looks on the way, and last, of a
// finished run, the loss on the whole file. free(at) is the caller's.
typedef struct {
    // flops by the authors' count; seconds: of the training steps alone
    double step, flops, seconds, loss;
} LogLoss;
typedef struct {
    LogLoss *at;
    int count;
} LogLosses;
bool log_losses(LogLosses *out, const char *run, Error *error);
#endif
