// Refused by a_million_experts: it goes over the gating once per expert.
#include "chapters/02_mixture_of_experts/moe.h"

void by_expert(int *first, int *entry, const MoeGating *gating, int E) {
    int filled = 0;
    for (int e = 0; e < E; e++) {
        first[e] = filled;
        for (int i = 0; i < gating->start[gating->N]; i++) {
            if (gating->index[i] == e) entry[filled++] = i;
        }
    }
    first[E] = filled;
}
