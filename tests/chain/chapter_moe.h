#ifndef TESTS_CHAIN_CHAPTER_MOE_H
#define TESTS_CHAIN_CHAPTER_MOE_H
#include "chapters/02_mixture_of_experts/moe.h"
#include "reference/check/layer_numbers.h"

// Chapters 02 and 03 in the form in which implementations of the chain are compared (chapter_ffn.h).

bool chapter_moe_run(LayerNumbers *numbers, Error *error); // gradients are added to

// Of one token's logits [E]: what ranks its experts, and what each would weigh. Both [E].
void chapter_moe_row(double *rank, double *weight, const Config *config, const double *logits);
#endif
