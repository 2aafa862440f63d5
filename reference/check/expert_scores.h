#ifndef REFERENCE_CHECK_EXPERT_SCORES_H
#define REFERENCE_CHECK_EXPERT_SCORES_H
#include "reference/config/config.h"

// An ExpertScores (layer_agree.h): what the scores of one token's router say of every expert. A moe
// must have no balancing bias, or one of zeros.
void expert_scores(double *rank, double *weight, const Config *config, const double *scores);
#endif
