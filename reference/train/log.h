#ifndef REFERENCE_TRAIN_LOG_H
#define REFERENCE_TRAIN_LOG_H
#include "reference/io/json.h"
#include <stdint.h>
#include <stdio.h>

// Writing RUN/log.jsonl: one JSON object per line. The first line is the header (settings, model,
// baselines); each of the others has "step" and what was measured there. log_read.h reads it.
enum { LOG_PRECISION = 10 }; // significant digits of a number

typedef struct {
    FILE *file;
    char *path;
    int lock;            // of the run's folder, -1: none
    json_t *header;      // the first line
    double seconds;      // wall-clock seconds of the run up to the last line read
    double step_seconds; // of which in training steps
    int64_t tokens;      // tokens trained on up to the last line
    bool begun;          // there is a line after the header
    bool final;          // the run is finished: the last line has "final_valid_loss"
} RunLog;

// A log that is not open: no run is locked.
#define LOG_CLOSED ((RunLog){ .lock = -1 })
// Locks the run's folder, which must exist, so that no other process reads or writes the run until
// log_close. Nothing where the log is locked already; the functions below call it.
bool log_lock(RunLog *log, const char *run, Error *error);
// A new log. Takes over the header; NULL means out of memory.
bool log_create(RunLog *log, const char *run, json_t *header, Error *error);
// Opens the log of a run that continues from `step`: removes the lines of later steps, and one that
// a crash cut short.
bool log_resume(RunLog *log, const char *run, int64_t step, Error *error);
// Takes over the line; NULL means out of memory. Flushed, so that others can follow the log.
bool log_write(RunLog *log, json_t *line, Error *error);
void log_close(RunLog *log);
#endif
