#ifndef REFERENCE_ISOFLOP_TIME_H
#define REFERENCE_ISOFLOP_TIME_H
#include "reference/isoflop/study.h"

// Times a few training steps of each kind at each scale that is still to come.
bool study_measure(Study *study, Error *error);
// Times a step of each kind and scale that is done, interleaved, round after round, and counts
// seconds by the medians.
bool study_time(Study *study, Error *error);

double study_seconds(const Study *study, const Cell *cell); // of training; NAN: not measured
// of the evaluation on the validation file at its end
double study_look_seconds(const Study *study, const Cell *cell);
#endif
