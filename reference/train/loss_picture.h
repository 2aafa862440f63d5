#ifndef REFERENCE_TRAIN_LOSS_PICTURE_H
#define REFERENCE_TRAIN_LOSS_PICTURE_H
#include "reference/draw/chart.h"
#include "reference/io/error.h"
#include "reference/train/log_read.h"

// The chart of a log: training and validation loss over steps, and the baselines. Its parts are in
// it, so it must not be moved; the caller calls free(points).
typedef struct {
    Chart chart;
    Series series[2];
    Baseline baselines[2];
    double *points;
} LossChart;
bool loss_chart(LossChart *out, const LogLines *lines); // false: out of memory

// Draws RUN/loss.png from RUN/log.jsonl.
bool loss_picture_write(const char *run, Error *error);
#endif
