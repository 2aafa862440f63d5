#ifndef TESTS_CHAIN_CHAPTER_FFN_H
#define TESTS_CHAIN_CHAPTER_FFN_H
#include "chapters/06_sgatlin/sgatlin.h"
#include "reference/check/layer_numbers.h"

// The chapters' feed-forward layers as LayerNumbers: the oracle of the reference for sizes that no
// golden file has. The chapters themselves are compared with the golden files.

bool chapters_know(const Config *config); // whether a chapter has this kind
// Token by token: writes y, the scores, the gating unless it is given, and the gradients of
// sum(y·dy).
bool chapters_run(LayerNumbers *numbers, Error *error);

// The config of a sgatlin layer for its chapter; for peer the same with peer's router.
Sgatlin chapter_sgatlin(const Config *config);
// The score of neuron f of channel c, from one token's scores [lists,keys].
double chapter_score(const Config *config, const double *scores, int c, int f);
// The chapters' ExpertScores (reference/check/layer_agree.h).
void chapter_expert_scores(double *rank, double *weight, const Config *config,
                           const double *scores);
// The K best of one channel by brute force over all F.
void chapter_top(const Config *config, const double *scores, int c, double *score, int32_t *index);
#endif
