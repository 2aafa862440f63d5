#ifndef CHAPTERS_01_DENSE_FFN_DENSE_SCORES_H
#define CHAPTERS_01_DENSE_FFN_DENSE_SCORES_H
#include "chapters/tasks.h"

// What learns the tasks of the scoreboard so far: an mlp and a glu. Returns how many there are.
// Each chapter's list is that of the chapter before and its own layers.
int dense_learners(Learner learners[MAX_LEARNERS]);
#endif
