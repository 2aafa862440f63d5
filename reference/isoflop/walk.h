#ifndef REFERENCE_ISOFLOP_WALK_H
#define REFERENCE_ISOFLOP_WALK_H
#include "reference/isoflop/study.h"

// Calls visit on every cell that is wanted, in the order in which they are trained:
//   1. each kind at the smallest scale with each learning rate and the first seed: which rate is best;
//   2. each kind with it at the other scales and seeds;
//   3. the further seeds at each kind's best scale;
//   4. the variants at the best scale of the kind they vary, with its rate.
// What follows from cells that are not done yet is filled with a guess: certain says whether the
// cell is settled. visit returns false to stop; so does study_walk.
typedef bool StudyVisit(void *context, Study *study, const Cell *cell, bool certain);
bool study_walk(Study *study, StudyVisit *visit, void *context);
#endif
