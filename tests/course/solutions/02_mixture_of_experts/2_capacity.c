#include "chapters/02_mixture_of_experts/moe.h"

int drop_overflow(MoeGating *gating, int *room, int capacity, int E) {
    int kept = 0, begin = 0, entries = gating->start[gating->N];
    for (int e = 0; e < E; e++) room[e] = capacity;
    for (int t = 0; t < gating->N; t++) {
        int end = gating->start[t + 1];
        gating->start[t] = kept;
        for (int i = begin; i < end; i++) {
            if (room[gating->index[i]]-- <= 0) continue;
            gating->index[kept] = gating->index[i];
            gating->weight[kept++] = gating->weight[i];
        }
        begin = end;
    }
    gating->start[gating->N] = kept;
    return entries - kept;
}
