#ifndef REFERENCE_ISOFLOP_WALK_H
#define REFERENCE_ISOFLOP_WALK_H
#include "reference/isoflop/study.h"

// Calls visit on every cell that the options ask for, in the order of training:
//   1. each kind at the smallest scale with each learning rate and the first seed; the rate with
//      the lowest loss is used from here on;
//   2. each kind at the other scales and seeds;
//   3. further seeds at each kind's best scale;
//   4. the variants at the best scale of their kind.
// Cells that depend on the losses of cells not done yet are guesses: certain is false for them.
// visit returns false to stop; study_walk then returns false too.
typedef bool StudyVisit(void *context, Study *study, const Cell *cell, bool certain);
bool study_walk(Study *study, StudyVisit *visit, void *context);
#endif
