#ifndef TESTS_CHAIN_CHAPTER_MOE_H
#define TESTS_CHAIN_CHAPTER_MOE_H
#include "chapters/02_mixture_of_experts/moe.h"
#include "reference/check/layer_numbers.h"

// The mixture of experts of chapters 02 and 03 as LayerNumbers (chapter_ffn.h).

bool chapter_moe_run(LayerNumbers *numbers, Error *error); // adds to the gradients

// From one token's logits [E]: rank [E], which decides the choice, and weight [E] of each expert.
void chapter_moe_row(double *rank, double *weight, const Config *config, const double *logits);
#endif
