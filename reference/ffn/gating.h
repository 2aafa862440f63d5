#ifndef REFERENCE_FFN_GATING_H
#define REFERENCE_FFN_GATING_H
#include <stdbool.h>
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

// In records of ragged gatings: an entry without an expert.
enum { NO_EXPERT = -1 };

// Called between router and experts of every sparse layer in the forward pass. A hook reads the
// Gating (to record or draw it) or replaces its entries (to patch it).
typedef void GatingHook(void *context, int layer, Gating *gating);

// Hooks, called in order, so that recording, patching and drawing can be combined. An empty list
// costs nothing.
enum { MAX_HOOKS = 8 };
typedef struct {
    struct {
        GatingHook *call;
        void *context;
    } hooks[MAX_HOOKS];
    int count;
} HookList;

// Appends a hook; false: the list has MAX_HOOKS already.
static inline bool hooks_add(HookList *list, GatingHook *call, void *context) {
    if (list->count == MAX_HOOKS) return false;
    list->hooks[list->count].call = call;
    list->hooks[list->count++].context = context;
    return true;
}

// A list of one hook.
static inline HookList one_hook(GatingHook *call, void *context) {
    HookList list;
    list.count = 0;
    hooks_add(&list, call, context);
    return list;
}

static inline void hooks_call(const HookList *list, int layer, Gating *gating) {
    for (int i = 0; list != NULL && i < list->count; i++)
        list->hooks[i].call(list->hooks[i].context, layer, gating);
}
#endif
