#ifndef CHAPTERS_03_WHO_CHOOSES_ROUTED_SCORES_H
#define CHAPTERS_03_WHO_CHOOSES_ROUTED_SCORES_H
#include "chapters/tasks.h"

// The learners of chapters 01 and 02, and the same mixture with experts that choose.
int routed_learners(Learner learners[MAX_LEARNERS]);
#endif
