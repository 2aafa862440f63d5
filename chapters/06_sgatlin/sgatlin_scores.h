#ifndef CHAPTERS_06_SGATLIN_SGATLIN_SCORES_H
#define CHAPTERS_06_SGATLIN_SGATLIN_SCORES_H
#include "chapters/06_sgatlin/sgatlin.h"
#include "chapters/tasks.h"

// The learners of chapters 01 to 05, sgatlin, and sgatlin with one neuron per channel, so that
// there is nothing to choose.
enum { SGATLIN_LEARNER = 5, NO_CHOICE_LEARNER };
int sgatlin_learners(Learner learners[MAX_LEARNERS]);

// The weights: query [D,Dk], keys [Dk,2,C,n], in and out [C,F,D].
SgatlinWeights sgatlin_views(double *w, const Sgatlin *s);
#endif
