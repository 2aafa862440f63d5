#include "chapters/02_mixture_of_experts/top_k.h"
#include <stddef.h>

int queue(bool *chosen, int *room, const double *score, int K, int places, int N, int E) {
    int *load = room, *wish = room + E, dropped = 0;
    for (int i = 0; i < N * E; i++) chosen[i] = false;
    for (int e = 0; e < E; e++) load[e] = 0;
    for (int t = 0; t < N; t++) {
        top_k(wish, score + (size_t)t * E, E, K);
        for (int k = 0; k < K; k++) {
            if (load[wish[k]] == places) {
                dropped++;
                continue;
            }
            load[wish[k]]++;
            chosen[(size_t)t * E + wish[k]] = true;
        }
    }
    return dropped;
}
