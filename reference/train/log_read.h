#ifndef REFERENCE_TRAIN_LOG_READ_H
#define REFERENCE_TRAIN_LOG_READ_H
#include "reference/config/config.h"
#include "reference/io/json.h"
#include "reference/train/settings.h"
#include <stdint.h>

// Reading RUN/log.jsonl, which log.h writes.
#define LOG_NAME "log.jsonl"

// A log in memory, up to the first line that is incomplete or of a step after last_step.
typedef struct {
    json_t *header;
    json_t **items; // [count]: the lines after the header
    int count;
    size_t capacity; // of items
    size_t bytes;    // that header and lines take in the file
    bool damaged;    // what follows them is a line, but none of a log
} LogLines;
bool log_lines_read(LogLines *out, const char *path, int64_t last_step, Error *error);
void log_lines_free(LogLines *lines);

// A member of a line; `otherwise` where it is missing or not a number (not an integer).
double log_number(const json_t *line, const char *name, double otherwise);
int64_t log_integer(const json_t *line, const char *name, int64_t otherwise);

// The result of a run, from the last lines of its log.
typedef struct {
    bool final;    // the run is finished: valid_loss is that of the whole validation file
    bool diverged; // it stopped at a loss or gradient that is not finite
    int64_t steps, tokens, valid_tokens;
    double step_seconds, valid_loss;
} LogResult;
// Also fails when the header is that of a run with another model or other settings.
bool log_result(LogResult *out, const char *run, const Config *config,
                const TrainSettings *settings, Error *error);

// The validation losses in a log: those evaluated during training and, for a finished run, the one
// on the whole file. The caller calls free(items).
typedef struct {
    double step, loss;
    double flops;   // of training up to this step, by the paper's count
    double seconds; // of training steps up to this step
} LogLoss;
typedef struct {
    LogLoss *items;
    int count;
} LogLosses;
bool log_losses(LogLosses *out, const char *run, Error *error);
#endif
