#ifndef REFERENCE_ISOFLOP_TIME_H
#define REFERENCE_ISOFLOP_TIME_H
#include "reference/isoflop/study.h"

// Times a few training steps of each kind and scale that is still to be trained, for estimates.
bool study_measure(Study *study, Error *error);
// Times a step of each kind and scale that is done, interleaved over several rounds, and sets the
// seconds of the cells from the medians.
bool study_time(Study *study, Error *error);

// Estimated seconds of training the cell, and of evaluating it on the whole validation file at the
// end. NAN: not measured.
double study_seconds(const Study *study, const Cell *cell);
double study_evaluation_seconds(const Study *study, const Cell *cell);
#endif
