#ifndef CHAPTERS_02_MIXTURE_OF_EXPERTS_MOE_SCORES_H
#define CHAPTERS_02_MIXTURE_OF_EXPERTS_MOE_SCORES_H
#include "chapters/02_mixture_of_experts/moe.h"
#include "chapters/tasks.h"

// The learners of chapter 01, and a mixture whose tokens choose.
int moe_learners(Learner learners[MAX_LEARNERS]);

// ---- shared with other mixtures. The weights: router [D,E], up [E,D,2F], down [E,F,D]; the
// biases are 0. sizes: Moe

LearnerCost moe_cost(const void *sizes, int D);
void moe_start(double *w, const void *sizes, int D, uint64_t seed);
// bias: E·2F doubles and at least E·D; serves both layers of an expert.
MoeWeights moe_views(double *w, double *bias, const Moe *m);
#endif
