#ifndef CHAPTERS_02_MIXTURE_OF_EXPERTS_PICTURES_H
#define CHAPTERS_02_MIXTURE_OF_EXPERTS_PICTURES_H
#include "chapters/02_mixture_of_experts/moe.h"
#include "reference/io/error.h"

// The pictures of the lesson, apart from that of the collapse.

// Softmax of the same logits, small, as they are, and large. For a DemoPart.
bool softmax_picture(const char *picture, Error *error);
// From the first of the tokens to its experts, and to y. After moe_forward.
bool router_picture(const MoeTokens *tokens, const Moe *m, const char *path, Error *error);
// A gating as lists, and as a row of E weights per token.
bool gating_picture(const MoeGating *gating, int E, const char *path, Error *error);
#endif
