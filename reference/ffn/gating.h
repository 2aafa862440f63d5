#ifndef REFERENCE_FFN_GATING_H
#define REFERENCE_FFN_GATING_H
#include <stddef.h>
#include <stdint.h>

// What a router chose for N tokens: the only thing between router and experts. Recording, drawing,
// comparing and patching circuits all read or replace this one value.
// sgatlin and peer: score and index are [N,C,K], highest score first; start is NULL.
// moe: a list by token, entries start[t] .. start[t+1]-1 belong to token t: use start. C = 1; K,
// the mean rounded down, may be 0.
typedef struct {
    int N, C, K;
    int F;        // index is below F (experts a channel)
    float *score; // sgatlin, peer: the router's score; moe: the weight applied
    int32_t *index;
    int32_t *start; // [N+1] or NULL
    // of a list: entries there is space for, should a hook put more of them in its place
    size_t capacity;
} Gating;

static inline size_t gating_entries(const Gating *gating) {
    return gating->start ? (size_t)gating->start[gating->N]
                         : (size_t)gating->N * gating->C * gating->K;
}

// The one hook. Called between router and experts of every sparse layer, in the forward pass: reads
// (record, draw) or replaces (patch) the Gating. NULL costs nothing.
typedef void GatingHook(void *context, int layer, Gating *gating);
#endif
