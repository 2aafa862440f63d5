#include "chapters/02_mixture_of_experts/moe.h"

int drop_overflow(MoeGating *gating, int *scratch, int capacity, int E) {
    int left = 0, begin = 0, entries = gating->start[gating->N];
    for (int e = 0; e < E; e++) scratch[e] = capacity;
    for (int t = 0; t < gating->N; t++) {
        int end = gating->start[t + 1];
        gating->start[t] = left;
        for (int i = begin; i < end; i++) {
            if (scratch[gating->index[i]]-- <= 0) continue;
            gating->index[left] = gating->index[i];
            gating->weight[left++] = gating->weight[i];
        }
        begin = end;
    }
    gating->start[gating->N] = left;
    return entries - left;
}
