// Exercise 02-1. Tokens by expert.
//
// The gating lists experts by token. A fast program needs tokens by expert, so that each expert's
// weights are read once and all of its tokens are one matrix product. Write that list:
// entry[first[e]] .. entry[first[e + 1] - 1] are the entries of the gating that name expert e, in
// ascending order; first [E+1], entry [as many as the gating has]. Go over the gating a fixed
// number of times, not once per expert.
// A hint: count, add up, then put each entry into the next free place of its expert.
//
// Check with: make exercise-02-1
#include "chapters/02_mixture_of_experts/moe.h"

void by_expert(int *first, int *entry, const MoeGating *gating, int E) {
    for (int e = 0; e <= E; e++) first[e] = 0;
    for (int i = 0; i < gating->start[gating->N]; i++) entry[i] = i;
}
