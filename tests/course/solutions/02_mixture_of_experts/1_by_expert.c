#include "chapters/02_mixture_of_experts/moe.h"

// first[e + 1] counts the entries of expert e; summed up it is where expert e + 1 starts. Filling
// in the entries moves first[e] to the end of e, so at last all are shifted one place to the right.
void by_expert(int *first, int *entry, const MoeGating *gating, int E) {
    int entries = gating->start[gating->N];
    for (int e = 0; e <= E; e++) first[e] = 0;
    for (int i = 0; i < entries; i++) first[gating->index[i] + 1]++;
    for (int e = 0; e < E; e++) first[e + 1] += first[e];
    for (int i = 0; i < entries; i++) entry[first[gating->index[i]]++] = i;
    for (int e = E; e > 0; e--) first[e] = first[e - 1];
    first[0] = 0;
}
